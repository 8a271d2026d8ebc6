import type { ReactNode } from "react"
import { Button as AriaButton, type ButtonProps } from "react-aria-components"
import { Icon, type IconName } from "./Icon.tsx"
import "./Button.css"

interface Props extends Omit<ButtonProps, "children" | "className"> {
  readonly children: ReactNode
  readonly look?: "primary" | "plain" | "quiet" | "danger"
  readonly icon?: IconName
  /** Shows the icon alone; the words are its name. */
  readonly isIconOnly?: boolean
}

export const Button = ({ children, icon, isIconOnly = false, look = "plain", ...props }: Props) => (
  <AriaButton {...props} className={`button ${look}${isIconOnly ? " icon-only" : ""}`}>
    {icon && <Icon name={icon} />}
    {isIconOnly ? <span className="hidden">{children}</span> : children}
  </AriaButton>
)
