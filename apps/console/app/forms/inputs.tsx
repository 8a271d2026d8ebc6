import { type ReactNode, useState } from "react"
import { Button } from "../parts/Button.tsx"
import { TextInput } from "../parts/controls.tsx"
import { Icon } from "../parts/Icon.tsx"
import { fromJsonText, jsonText } from "./jsonText.ts"
import { isObject, type Json, plainText } from "./schema.ts"

interface Props {
  readonly label: string
  readonly hint?: string | undefined
  readonly error: string | undefined
  readonly value: Json | undefined
  readonly onChange: (value: Json | undefined) => void
}

/** The typed text, as long as it stands for the value: `1.` stays while a person types `1.5`. */
const useTyped = (
  value: Json | undefined,
  toText: (value: Json | undefined) => string,
  toValue: (text: string) => Json | undefined
) => {
  const [typed, setTyped] = useState(() => toText(value))
  const isSame = JSON.stringify(toValue(typed)) === JSON.stringify(value)
  return [isSame ? typed : toText(value), setTyped] as const
}

const toNumber = (text: string): Json | undefined => {
  if (text.trim() === "") return undefined
  const number = Number(text)
  // The gateway reports the expected value.
  return Number.isFinite(number) ? number : text
}

export const NumberInput = ({ onChange, value, ...shared }: Props) => {
  const [typed, setTyped] = useTyped(value, jsonText, toNumber)
  return (
    <TextInput
      {...shared}
      inputMode="decimal"
      value={typed}
      onChange={(text) => {
        setTyped(text)
        onChange(toNumber(text))
      }}
    />
  )
}

/** A JSON editor for types that the form cannot render. */
export const JsonInput = ({
  hint,
  isText = false,
  lines = isText ? 1 : 4,
  onChange,
  value,
  ...shared
}: Props & {
  /** Whether a plain text is usual. */
  readonly isText?: boolean
  readonly lines?: number
}) => {
  const how = isText ? "a text or JSON" : "as JSON"
  const [typed, setTyped] = useTyped(value, jsonText, fromJsonText)
  return (
    <TextInput
      {...shared}
      hint={hint === undefined ? how.charAt(0).toUpperCase() + how.slice(1) : `${hint} (${how})`}
      isMono
      lines={lines}
      value={typed}
      onChange={(text) => {
        setTyped(text)
        onChange(fromJsonText(text))
      }}
    />
  )
}

/** A list of texts, one per row. */
export const TextsInput = ({ error, hint, label, onChange, value }: Props) => {
  const texts: ReadonlyArray<string> = Array.isArray(value) ? value.map(plainText) : []
  const set = (next: ReadonlyArray<string>) => onChange(next.length === 0 ? undefined : next)
  return (
    <fieldset className="rows-field">
      <legend className="legend">{label}</legend>
      {hint !== undefined && <p className="hint">{hint}</p>}
      {texts.map((text, row) => (
        // A row has no identity but its place.
        <div className="rows-row" key={row}>
          <TextInput
            label={`${label} ${row + 1}`}
            error={row === texts.length - 1 ? error : undefined}
            value={text}
            onChange={(changed) => set(texts.map((one, at) => (at === row ? changed : one)))}
          />
          <Button look="quiet" icon="cross" isIconOnly onPress={() => set(texts.filter((_, at) => at !== row))}>
            {`Remove ${label} ${row + 1}`}
          </Button>
        </div>
      ))}
      {texts.length === 0 && error !== undefined && <RowError>{error}</RowError>}
      <Button icon="plus" onPress={() => set([...texts, ""])}>{`Add to ${label}`}</Button>
    </fieldset>
  )
}

/** Texts by their keys, one pair per row. */
export const PairsInput = ({
  beside,
  error,
  hint,
  isSecret = false,
  label,
  onChange,
  value
}: Props & {
  /** What stands beside the button that adds a pair. */
  readonly beside?: ReactNode
  /** Whether the values are shown as dots. */
  readonly isSecret?: boolean
}) => {
  const given = isObject(value) ? Object.entries(value).map(([key, text]) => [key, plainText(text)] as const) : []
  const [rows, setRows] = useState<ReadonlyArray<readonly [string, string]>>(given)
  const set = (next: ReadonlyArray<readonly [string, string]>) => {
    setRows(next)
    const pairs = next.filter(([key]) => key !== "")
    onChange(pairs.length === 0 ? undefined : Object.fromEntries(pairs))
  }
  const change = (row: number, pair: readonly [string, string]) => set(rows.map((one, at) => (at === row ? pair : one)))
  return (
    <fieldset className="rows-field">
      <legend className="legend">{label}</legend>
      {hint !== undefined && <p className="hint">{hint}</p>}
      {rows.map(([key, text], row) => (
        // A row has no identity but its place.
        <div className="rows-row" key={row}>
          <TextInput label={`Key ${row + 1}`} value={key} onChange={(changed) => change(row, [changed, text])} />
          <TextInput
            label={`Value ${row + 1}`}
            {...(isSecret && { type: "password" as const, autoComplete: "new-password" })}
            value={text}
            onChange={(changed) => change(row, [key, changed])}
          />
          <Button look="quiet" icon="cross" isIconOnly onPress={() => set(rows.filter((_, at) => at !== row))}>
            {`Remove pair ${row + 1}`}
          </Button>
        </div>
      ))}
      {error !== undefined && <RowError>{error}</RowError>}
      <div className="rows-actions">
        <Button icon="plus" onPress={() => set([...rows, ["", ""]])}>{`Add to ${label}`}</Button>
        {beside}
      </div>
    </fieldset>
  )
}

const RowError = ({ children }: { readonly children: string }) => (
  <p className="field-error">
    <Icon name="warning" /> {children}
  </p>
)
