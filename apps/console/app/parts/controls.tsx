import { type ReactNode, type RefObject, useState } from "react"
import {
  Button,
  Checkbox as AriaCheckbox,
  FieldError,
  Input,
  Label,
  ListBox,
  ListBoxItem,
  Popover,
  Select as AriaSelect,
  SelectValue,
  Switch as AriaSwitch,
  Text,
  TextArea,
  TextField
} from "react-aria-components"
import { Icon } from "./Icon.tsx"
import "./controls.css"

interface FieldProps {
  readonly label: string
  readonly hint?: ReactNode
  readonly error?: string | undefined
}

/** What is said below a field: the hint, and what the gateway refused. */
export const Below = ({ error, hint }: Omit<FieldProps, "label">) => (
  <>
    {hint !== undefined && (
      <Text slot="description" className="hint">
        {hint}
      </Text>
    )}
    <FieldError className="field-error">
      {error !== undefined && (
        <>
          <Icon name="warning" /> {error}
        </>
      )}
    </FieldError>
  </>
)

interface TextProps extends FieldProps {
  readonly value: string
  readonly onChange: (value: string) => void
  readonly type?: "text" | "password" | "url" | "search"
  readonly placeholder?: string
  readonly lines?: number
  readonly isMono?: boolean
  readonly autoFocus?: boolean
  readonly autoComplete?: string
  readonly inputMode?: "numeric" | "decimal"
  readonly inputRef?: RefObject<HTMLInputElement | null>
}

export const TextInput = ({
  autoComplete = "off",
  autoFocus = false,
  error,
  hint,
  inputMode,
  inputRef,
  isMono = false,
  label,
  lines,
  onChange,
  placeholder,
  type = "text",
  value
}: TextProps) => (
  <TextField
    className="field"
    value={value}
    onChange={onChange}
    type={type}
    isInvalid={error !== undefined}
    validationBehavior="aria"
    autoFocus={autoFocus}
    autoComplete={autoComplete}
    {...(inputMode && { inputMode })}
  >
    <Label>{label}</Label>
    {lines === undefined ? (
      <Input
        className={isMono ? "input mono" : "input"}
        spellCheck={false}
        {...(placeholder !== undefined && { placeholder })}
        {...(inputRef && { ref: inputRef })}
      />
    ) : (
      <TextArea className={isMono ? "input mono" : "input"} rows={lines} spellCheck={false} />
    )}
    <Below error={error} hint={hint} />
  </TextField>
)

/** One of several, by a button with a list; its accessible name holds the label and the value. */
export const Select = <Value extends string>({
  error,
  hint,
  isInline = false,
  label,
  onChange,
  options,
  value
}: FieldProps & {
  readonly value: Value | undefined
  readonly onChange: (value: Value) => void
  readonly options: ReadonlyArray<{ readonly value: Value; readonly label: string }>
  /** The label stands inside of the button. */
  readonly isInline?: boolean
}) => (
  <AriaSelect
    className={isInline ? "field inline" : "field"}
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

export const Checkbox = ({
  children,
  hint,
  isSelected,
  onChange
}: {
  readonly children: ReactNode
  readonly isSelected: boolean
  readonly onChange: (isSelected: boolean) => void
  readonly hint?: ReactNode
}) => (
  <div className="check-row">
    <AriaCheckbox className="check" isSelected={isSelected} onChange={onChange}>
      <span className="box">
        <Icon name="check" />
      </span>
      <span>{children}</span>
    </AriaCheckbox>
    {hint !== undefined && <div className="hint">{hint}</div>}
  </div>
)

export const Switch = ({
  children,
  isSelected,
  onChange
}: {
  readonly children: ReactNode
  readonly isSelected: boolean
  readonly onChange: (isSelected: boolean) => void
}) => (
  <AriaSwitch className="switch" isSelected={isSelected} onChange={onChange}>
    <span className="track" />
    {children}
  </AriaSwitch>
)

/** A text that is to be copied, with a button that does it. */
export const Copyable = ({ label, text }: { readonly label: string; readonly text: string }) => {
  const [isCopied, setIsCopied] = useState(false)
  return (
    <div className="copyable">
      {/* It can be scrolled, so it can be focused. */}
      <pre tabIndex={0} aria-label={label}>
        {text}
      </pre>
      <Button
        className="button quiet"
        onPress={() => void navigator.clipboard?.writeText(text).then(() => setIsCopied(true))}
      >
        <Icon name={isCopied ? "check" : "copy"} />
        {isCopied ? "Copied" : "Copy"}
      </Button>
    </div>
  )
}
