import type { ReactNode, Ref } from "react"
import { FormContext } from "react-aria-components"

interface Props {
  readonly children: ReactNode
  readonly className?: string
  readonly ref?: Ref<HTMLFormElement>
  readonly onSubmit: () => void
}

/**
 * A form that submits only itself. React bubbles the submit of a dialog's form to the form that opened the dialog, and
 * react-aria's own `Form` also merges the outer form's handler into the inner one, so neither is left to happen here.
 */
export const Form = ({ children, className, onSubmit, ref }: Props) => (
  <FormContext value={{ validationBehavior: "aria" }}>
    <form
      noValidate
      ref={ref}
      className={className}
      onSubmit={(event) => {
        event.preventDefault()
        event.stopPropagation()
        onSubmit()
      }}
    >
      {children}
    </form>
  </FormContext>
)
