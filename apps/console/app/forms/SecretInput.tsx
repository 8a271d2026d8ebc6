import { type ReactNode, useState } from "react"
import { ToggleButton } from "react-aria-components"
import { Button } from "../parts/Button.tsx"
import { TextInput } from "../parts/controls.tsx"
import { Icon } from "../parts/Icon.tsx"
import { PairsInput } from "./inputs.tsx"
import { type Json } from "./schema.ts"
import { fromJsonText, jsonText } from "./jsonText.ts"

interface Props {
  readonly label: string
  readonly hint?: string | undefined
  readonly error: string | undefined
  /** Whether a secret is stored, which no answer shows. */
  readonly isStored: boolean
  /** Whether there may be none; null then removes the stored one. */
  readonly isOptional: boolean
  /** Whether it is texts by their keys. */
  readonly isPairs?: boolean
  readonly value: Json | undefined
  readonly onChange: (value: Json | undefined) => void
}

/** A field for a secret. The stored one is not shown, and stays unless it is replaced. */
export const SecretInput = ({ error, hint, isOptional, isPairs = false, isStored, label, onChange, value }: Props) => {
  const [isReplaced, setIsReplaced] = useState(false)
  const [isShown, setIsShown] = useState(false)
  if (isStored && value === null && error === undefined) {
    return (
      <Stored label={label} state="Removed when you save">
        <Button onPress={() => onChange(undefined)}>{`Keep ${label}`}</Button>
      </Stored>
    )
  }
  // The gateway may require it again, because the settings now point to another URL.
  if (isStored && !isReplaced && error === undefined && value === undefined) {
    return (
      <Stored
        label={label}
        state={
          <>
            <Icon name="check" /> is set
          </>
        }
      >
        {isOptional && <Button look="quiet" onPress={() => onChange(null)}>{`Remove ${label}`}</Button>}
        <Button onPress={() => setIsReplaced(true)}>{`Replace ${label}`}</Button>
      </Stored>
    )
  }
  const keep = isStored && (
    <Button
      look="quiet"
      onPress={() => {
        setIsReplaced(false)
        onChange(undefined)
      }}
    >
      Keep the stored one
    </Button>
  )
  if (isPairs) {
    return (
      <PairsInput label={label} hint={hint} error={error} isSecret value={value} onChange={onChange} beside={keep} />
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
        {keep}
      </div>
    </div>
  )
}

/** In the field's place: what is stored, and what can be done with it. */
const Stored = ({ children, label, state }: Record<"children" | "state", ReactNode> & { readonly label: string }) => (
  <div className="field">
    <span className="legend">{label}</span>
    <div className="stored">
      <span>{state}</span>
      <span className="stored-actions">{children}</span>
    </div>
  </div>
)
