import { Radio, RadioGroup, Label } from "react-aria-components"
import { TextInput, Checkbox } from "../parts/controls.tsx"
import { Select } from "../parts/Select.tsx"
import { Below } from "../parts/Below.tsx"
import { Foldable } from "../parts/Foldable.tsx"
import { JsonInput, NumberInput, PairsInput, TextsInput } from "./inputs.tsx"
import { chosenVariant, type Field, isObject, type Json, type JsonObject, pointer, withValue } from "./schema.ts"
import { SecretInput } from "./SecretInput.tsx"
import "./forms.css"

/** The properties that all fields share. */
export interface FormContext {
  /** The JSON Pointers of the secrets that are stored. */
  readonly stored: ReadonlySet<string>
  /** The gateway's errors for the field, including those below it if `isLeaf`. */
  readonly errorAt: (at: string, isLeaf: boolean) => string | undefined
}

interface Props extends FormContext {
  readonly fields: ReadonlyArray<Field>
  readonly value: JsonObject
  readonly onChange: (value: JsonObject) => void
  /** The path of `value` in the request. */
  readonly at: string
}

/** Whether few people need the field: it is optional and larger than a line. */
const isRare = (field: Field): boolean =>
  !field.isRequired && (field.kind === "group" || (field.kind === "choice" && field.values.length === 1))

/** Renders fields from a schema, without knowing any plugin. */
export const SettingsForm = ({ fields, ...props }: Props) => {
  const rare = fields.filter(isRare)
  return (
    <>
      {fields
        .filter((field) => !isRare(field))
        .map((field) => (
          <OneField key={field.name} field={field} {...props} />
        ))}
      {rare.length > 0 && (
        <Foldable
          title="More settings"
          isForcedOpen={rare.some(({ name }) => props.errorAt(pointer(props.at, name), true) !== undefined)}
        >
          {rare.map((field) => (
            <OneField key={field.name} field={field} {...props} />
          ))}
        </Foldable>
      )}
    </>
  )
}

const OneField = ({
  at,
  errorAt,
  field,
  onChange,
  stored,
  value
}: Omit<Props, "fields"> & { readonly field: Field }) => {
  const here = pointer(at, field.name)
  const own = field.name === "" ? value : value[field.name]
  const set = (next: Json | undefined) => {
    if (field.name !== "") onChange(withValue(value, field.name, next))
    else if (isObject(next)) onChange(next)
  }
  const shared = {
    label: field.title,
    hint: field.description,
    error: errorAt(here, field.kind !== "group" && field.kind !== "variants")
  }
  switch (field.kind) {
    case "text":
      return (
        <TextInput
          {...shared}
          value={typeof own === "string" ? own : ""}
          onChange={(text) => set(text === "" ? undefined : text)}
        />
      )
    case "secret":
      return (
        <SecretInput
          {...shared}
          isStored={stored.has(here)}
          isOptional={!field.isRequired}
          value={own}
          onChange={set}
        />
      )
    case "secretPairs":
      return (
        <SecretInput
          {...shared}
          isStored={stored.has(here)}
          isOptional={!field.isRequired}
          isPairs
          value={own}
          onChange={set}
        />
      )
    case "number":
      return <NumberInput {...shared} value={own} onChange={set} />
    case "yesNo":
      return (
        <Checkbox isSelected={own === true} onChange={set} hint={shared.error ?? field.description}>
          {field.title}
        </Checkbox>
      )
    case "choice":
      return (
        <Select
          {...shared}
          value={typeof own === "string" || typeof own === "number" ? String(own) : field.isRequired ? undefined : ""}
          options={[
            ...(field.isRequired ? [] : [{ value: "", label: "Not set" }]),
            ...field.values.map((one) => ({ value: String(one), label: String(one) }))
          ]}
          onChange={(chosen) => set(field.values.find((one) => String(one) === chosen))}
        />
      )
    case "texts":
      return <TextsInput {...shared} value={own} onChange={set} />
    case "pairs":
      return <PairsInput {...shared} value={own} onChange={set} />
    case "json":
      return <JsonInput {...shared} value={own} onChange={set} />
    case "textOrJson":
      return <JsonInput {...shared} isText value={own} onChange={set} />
    case "group": {
      const inner = isObject(own) ? own : {}
      return (
        <fieldset className="field-group">
          <legend className="legend">{field.title}</legend>
          {field.description !== undefined && <p className="hint">{field.description}</p>}
          <SettingsForm
            fields={field.fields}
            value={inner}
            onChange={(next) => set(!field.isRequired && Object.keys(next).length === 0 ? undefined : next)}
            at={here}
            errorAt={errorAt}
            stored={stored}
          />
        </fieldset>
      )
    }
    case "variants": {
      const inner = isObject(own) ? own : {}
      const chosen = chosenVariant(field, inner)
      return (
        <div className="variants">
          <RadioGroup
            className="field"
            value={chosen?.value ?? null}
            onChange={(tag) => set({ [field.tag]: tag })}
            isInvalid={shared.error !== undefined}
            validationBehavior="aria"
          >
            <Label>{field.title}</Label>
            {field.variants.map((variant) => (
              <Radio key={variant.value} value={variant.value} className="radio">
                <span className="dot" />
                <span>
                  {variant.title}
                  {variant.description !== undefined && <span className="hint">{variant.description}</span>}
                </span>
              </Radio>
            ))}
            <Below error={shared.error} hint={field.description} />
          </RadioGroup>
          {chosen && (
            <SettingsForm
              fields={chosen.fields}
              value={inner}
              onChange={(next) => set({ ...next, [field.tag]: chosen.value })}
              at={here}
              errorAt={errorAt}
              stored={stored}
            />
          )}
        </div>
      )
    }
  }
}
