import type { ReactNode } from "react"

interface Props {
  readonly children: ReactNode
  readonly className: string
  readonly "aria-expanded"?: boolean
}

/** React-aria's button, as markup. */
export const Button = ({ children, className, ...props }: Props) => (
  <button type="button" className={className} aria-expanded={props["aria-expanded"]} data-rac="">
    {children}
  </button>
)
