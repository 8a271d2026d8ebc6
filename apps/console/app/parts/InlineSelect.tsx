import "./controls.css"
import "./InlineSelect.css"

interface Props<Value extends string> {
  readonly label: string
  readonly value: Value
  readonly onChange: (value: Value) => void
  readonly options: ReadonlyArray<{ readonly value: Value; readonly label: string }>
}

/** The options, with the chosen one even if it is none of them: an address may name something that is not there. */
export const withChosen = <Option extends { readonly value: string; readonly label: string }>(
  options: ReadonlyArray<Option>,
  chosen: string | undefined,
  label = chosen
): ReadonlyArray<{ readonly value: string; readonly label: string }> =>
  chosen === undefined || label === undefined || options.some(({ value }) => value === chosen)
    ? options
    : [...options, { value: chosen, label }]

/** A choice of one, as the browser's own select with the label inside. */
export const InlineSelect = <Value extends string>({ label, onChange, options, value }: Props<Value>) => (
  <label className={value === options[0]?.value ? "field inline" : "field inline chosen"}>
    <span className="react-aria-Label">{label}</span>
    <select
      className="input chooser"
      value={value}
      onChange={({ target }) => {
        const chosen = options.find((option) => option.value === target.value)
        if (chosen !== undefined) onChange(chosen.value)
      }}
    >
      {options.map((option) => (
        <option key={option.value} value={option.value}>
          {option.label}
        </option>
      ))}
    </select>
  </label>
)
