import { useState } from "react"
import type { Wrong } from "../../data/failure.ts"
import type { SourceTypeRow } from "../../data/queries.ts"
import { JsonInput } from "../../forms/inputs.tsx"
import { type Field, isObject, type Json } from "../../forms/schema.ts"
import { type FormContext, SettingsForm } from "../../forms/SettingsForm.tsx"
import { Button } from "../../parts/Button.tsx"
import { Checkbox } from "../../parts/controls.tsx"
import { settingsField } from "./sourceDraft.ts"

interface Props extends FormContext {
  readonly type: SourceTypeRow
  readonly fields: ReadonlyArray<Field>
  readonly value: Json
  /** All errors of the settings, which JSON shows with their places. */
  readonly wrong: ReadonlyArray<Wrong>
  readonly onChange: (value: Json) => void
}

/** The settings of a type, as a form or as JSON. */
export const TypeSettings = ({ fields, onChange, type: { example, type }, value, wrong, ...context }: Props) => {
  const [isJson, setIsJson] = useState(false)
  const [fillings, setFillings] = useState(0)
  const own = settingsField(type)
  const title = own === "mapping" ? "Mapping" : "Settings"
  const isEmpty = isObject(value) && Object.keys(value).length === 0
  return (
    <section className="source-settings" aria-label={title}>
      <div className="source-settings-head">
        <h3>{title}</h3>
        <Checkbox isSelected={isJson} onChange={setIsJson}>
          As JSON
        </Checkbox>
      </div>
      {isEmpty && example !== undefined && (
        <div>
          <Button
            onPress={() => {
              setFillings(fillings + 1)
              onChange(example)
            }}
          >
            Start from the example
          </Button>
        </div>
      )}
      {/* What is not an object yet has no fields. */}
      {isJson || !isObject(value) ? (
        <JsonInput
          label={title}
          lines={16}
          error={wrong.length === 0 ? undefined : wrong.map(({ message, path }) => `${path}: ${message}`).join("; ")}
          value={isEmpty ? undefined : value}
          onChange={(next) => onChange(next ?? {})}
        />
      ) : (
        <SettingsForm
          // A field for pairs keeps the rows that it started with.
          key={fillings}
          fields={fields}
          value={value}
          onChange={onChange}
          at={`/${own}`}
          {...context}
        />
      )}
    </section>
  )
}
