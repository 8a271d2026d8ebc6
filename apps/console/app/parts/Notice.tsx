import type { ReactNode } from "react"
import { Icon, type IconName } from "./Icon.tsx"
import { Failure, toFailure } from "../data/failure.ts"
import "./Notice.css"

interface Props {
  readonly tone: "bad" | "warn" | "info" | "good"
  readonly children: ReactNode
  readonly role?: "alert" | "status"
}

const icons: { readonly [Tone in Props["tone"]]: IconName } = {
  bad: "warning",
  warn: "warning",
  info: "alerts",
  good: "check"
}

/** A short notice. */
export const Notice = ({ children, role, tone }: Props) => (
  <div className={`notice ${tone}`} {...(role && { role })}>
    <Icon name={icons[tone]} />
    <div className="notice-words">{children}</div>
  </div>
)

/** The reason of a failure, and a remedy. */
export const FailureNotice = ({ error }: { readonly error: unknown }) => {
  const { detail, message } = error instanceof Failure ? error : toFailure(error)
  return (
    <Notice tone="bad" role="alert">
      <strong>{message}.</strong> {detail}
    </Notice>
  )
}
