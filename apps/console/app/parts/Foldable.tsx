import { type ReactNode, useState } from "react"
import { Button, Disclosure, DisclosurePanel, Heading } from "react-aria-components"
import { Icon } from "./Icon.tsx"
import "./Foldable.css"

interface Props {
  readonly title: string
  readonly beside?: ReactNode
  readonly children: ReactNode
  readonly isForcedOpen?: boolean
}

/** Something that is seldom needed, behind a button that shows it. */
export const Foldable = ({ beside, children, isForcedOpen = false, title }: Props) => {
  const [isOpen, setIsOpen] = useState(false)
  return (
    <Disclosure className="foldable" isExpanded={isOpen || isForcedOpen} onExpandedChange={setIsOpen}>
      <Heading level={3} className="foldable-head">
        <Button slot="trigger" className="button quiet">
          <Icon name="right" />
          {title}
        </Button>
        {beside}
      </Heading>
      <DisclosurePanel className="foldable-panel">{children}</DisclosurePanel>
    </Disclosure>
  )
}
