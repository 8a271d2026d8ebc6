import { useState } from "react"
import { ToggleButton } from "react-aria-components"
import { Button } from "../parts/Button.tsx"
import { TextInput } from "../parts/controls.tsx"
import { Icon } from "../parts/Icon.tsx"
import { type Json } from "./schema.ts"
import { fromJsonText, jsonText } from "./jsonText.ts"

interface Props {
  readonly label: string
  readonly hint?: string | undefined
  readonly error: string | undefined
  /** One is stored, which no answer shows. */
  readonly isStored: boolean
  readonly value: Json | undefined
  readonly onChange: (value: Json | undefined) => void
}

/** A secret: what is stored is not shown, and stays unless it is replaced. */
export const SecretInput = ({ error, hint, isStored, label, onChange, value }: Props) => {
  const [isReplaced, setIsReplaced] = useState(false)
  const [isShown, setIsShown] = useState(false)
  // The gateway may ask for it again, because the settings point elsewhere now.
  if (isStored && !isReplaced && error === undefined && value === undefined) {
    return (
      <div className="field">
        <span className="legend">{label}</span>
        <div className="stored">
          <span>
            <Icon name="check" /> is set
          </span>
          <Button onPress={() => setIsReplaced(true)}>{`Replace ${label}`}</Button>
        </div>
      </div>
    )
  }
  return (
    <div className="secret">
      <TextInput
        label={label}
        hint={hint}
        error={error}
        type={isShown ? "text" : "password"}
        autoComplete="new-password"
        autoFocus={isReplaced}
        value={typeof value === "string" ? value : jsonText(value)}
        onChange={(text) =>
          onChange(text === "" ? undefined : text.startsWith("{") || text.startsWith("[") ? fromJsonText(text) : text)
        }
      />
      <div className="secret-actions">
        <ToggleButton className="button quiet" isSelected={isShown} onChange={setIsShown}>
          {isShown ? "Hide" : "Show"}
        </ToggleButton>
        {isStored && (
          <Button
            look="quiet"
            onPress={() => {
              setIsReplaced(false)
              onChange(undefined)
            }}
          >
            Keep the stored one
          </Button>
        )}
      </div>
    </div>
  )
}
