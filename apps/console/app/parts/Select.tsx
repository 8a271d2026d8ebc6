import { Button, Label, ListBox, ListBoxItem, Popover, Select as AriaSelect, SelectValue } from "react-aria-components"
import { Below, type FieldProps } from "./Below.tsx"
import { Icon } from "./Icon.tsx"

/** A choice of one, as a button with a list; its accessible name contains the label and the value. */
export const Select = <Value extends string>({
  error,
  hint,
  label,
  onChange,
  options,
  value
}: FieldProps & {
  readonly value: Value | undefined
  readonly onChange: (value: Value) => void
  readonly options: ReadonlyArray<{ readonly value: Value; readonly label: string }>
}) => (
  <AriaSelect
    className="field"
    value={value ?? null}
    onChange={(key) => {
      const chosen = options.find((option) => option.value === key)
      if (chosen !== undefined) onChange(chosen.value)
    }}
    isInvalid={error !== undefined}
    validationBehavior="aria"
    placeholder="Choose"
  >
    <Label>{label}</Label>
    <Button className="input chooser">
      <SelectValue className="cut">
        {({ isPlaceholder, selectedText }) => (isPlaceholder ? "Choose" : selectedText)}
      </SelectValue>
      <Icon name="down" />
    </Button>
    <Below error={error} hint={hint} />
    <Popover className="popover">
      <ListBox className="options" items={options}>
        {(option) => (
          <ListBoxItem id={option.value} textValue={option.label} className="option">
            <span className="cut">{option.label}</span>
            <Icon name="check" />
          </ListBoxItem>
        )}
      </ListBox>
    </Popover>
  </AriaSelect>
)
