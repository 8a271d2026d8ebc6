import type { ReactNode } from "react"
import { FieldError, Text } from "react-aria-components"
import { Icon } from "./Icon.tsx"
import "./controls.css"

/** What every field has. */
export interface FieldProps {
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
