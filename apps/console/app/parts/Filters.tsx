import { type ReactNode, useState } from "react"
import { Button } from "./Button.tsx"
import "./Filters.css"

interface Props {
  /** The filters that are always visible. */
  readonly first?: ReactNode
  readonly children: ReactNode
  readonly isFiltered: boolean
  readonly onClear: () => void
}

/** The filters of a list; on a narrow page behind a button. */
export const Filters = ({ children, first, isFiltered, onClear }: Props) => {
  const [isOpen, setIsOpen] = useState(isFiltered)
  return (
    <div className={isOpen ? "filters open" : "filters"} role="search" aria-label="Filters">
      {first}
      <span className="filters-button">
        <Button aria-expanded={isOpen} onPress={() => setIsOpen(!isOpen)} icon="rules">
          Filters
        </Button>
      </span>
      <div className="filters-rest">
        {children}
        <span className={isFiltered ? "filters-clear" : "filters-clear none"}>
          <Button look="quiet" onPress={onClear}>
            Clear filters
          </Button>
        </span>
      </div>
    </div>
  )
}
