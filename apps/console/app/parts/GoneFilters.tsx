import { Button } from "./Button.tsx"
import { Notice } from "./Notice.tsx"

/** A filter in the address that names something that is not there. */
export interface GoneFilter {
  /** What it names, such as `rule`. */
  readonly what: string
  readonly value: string
  readonly onRemove: () => void
}

/** Says which filters name something that was removed, or never was. */
export const GoneFilters = ({ filters }: { readonly filters: ReadonlyArray<GoneFilter> }) =>
  filters.length === 0 ? null : (
    <Notice tone="warn">
      {filters.map(({ onRemove, value, what }) => (
        <span key={what} className="gone-filter">
          <span className="foreign">
            There is no {what} “<bdi>{value}</bdi>” now.
          </span>
          <Button onPress={onRemove}>Remove this filter</Button>
        </span>
      ))}
    </Notice>
  )
