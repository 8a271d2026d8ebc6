import type { ReactNode } from "react"
import { FieldError, Text } from "react-aria-components"
import { Icon } from "./Icon.tsx"
import "./controls.css"

/** The properties of every field. */
export interface FieldProps {
  readonly label: string
  readonly hint?: ReactNode
  readonly error?: string | undefined
}

/** The texts below a field: the hint, and the gateway's errors. */
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
