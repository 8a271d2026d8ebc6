import type { ReactNode } from "react"
import "./controls.css"

interface Props {
  readonly children: ReactNode
  readonly isSelected: boolean
  readonly onChange: (isSelected: boolean) => void
}

/** Something that is on or off. */
export const Switch = ({ children, isSelected, onChange }: Props) => (
  <label className="switch" {...(isSelected && { "data-selected": true })}>
    <span>
      <input type="checkbox" role="switch" checked={isSelected} onChange={({ target }) => onChange(target.checked)} />
    </span>
    <span className="track" />
    {children}
  </label>
)
