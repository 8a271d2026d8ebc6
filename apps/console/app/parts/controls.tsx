import type { ReactNode, RefObject } from "react"
import { Checkbox as AriaCheckbox, Input, Label, TextArea, TextField } from "react-aria-components"
import { Below, type FieldProps } from "./Below.tsx"
import { Icon } from "./Icon.tsx"
import "./controls.css"

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
