import { useNavigate } from "@tanstack/react-router"
import type { IntegrationRow } from "../../data/queries.ts"
import { Button } from "../../parts/Button.tsx"
import { Filters } from "../../parts/Filters.tsx"
import { GoneFilters } from "../../parts/GoneFilters.tsx"
import { InlineSelect, withChosen } from "../../parts/InlineSelect.tsx"
import { type DeliverySearch, deliveryStates, periods } from "./search.ts"

const any = { value: "", label: "Any" }

export const DeliveryFilters = ({
  alertName,
  integrations,
  isAlertGone,
  search
}: {
  readonly search: DeliverySearch
  /** The name of the alert that the address asks for, once it is known. */
  readonly alertName: string | undefined
  /** Whether there is no such alert. */
  readonly isAlertGone: boolean
  /** The integrations, once they are known. */
  readonly integrations: { readonly items: ReadonlyArray<IntegrationRow>; readonly total: number } | undefined
}) => {
  const navigate = useNavigate({ from: "/deliveries" })
  const set = (changed: Partial<Record<keyof DeliverySearch, string>>) =>
    void navigate({
      search: (before) =>
        Object.fromEntries(Object.entries({ ...before, ...changed }).filter(([, value]) => value !== "")),
      replace: true
    })
  const { alert, integration } = search
  const isIntegrationGone =
    integrations !== undefined &&
    integrations.items.length === integrations.total &&
    !integrations.items.some(({ id }) => id === integration)
  return (
    <>
      <Filters isFiltered={Object.keys(search).length > 0} onClear={() => void navigate({ search: {}, replace: true })}>
        <InlineSelect
          label="State"
          value={search.state ?? ""}
          options={withChosen([any, ...deliveryStates], search.state)}
          onChange={(state) => set({ state })}
        />
        <InlineSelect
          label="Integration"
          value={search.integration ?? ""}
          options={withChosen(
            [any, ...(integrations?.items ?? []).map(({ id, name }) => ({ value: id as string, label: name }))],
            search.integration
          )}
          onChange={(integration) => set({ integration })}
        />
        <InlineSelect
          label="Since"
          value={search.since ?? ""}
          options={withChosen([any, ...periods], search.since)}
          onChange={(since) => set({ since })}
        />
        {search.alert !== undefined && (
          <Button icon="cross" onPress={() => set({ alert: "" })}>
            <span className="quiet">Alert</span> <bdi className="cut">{alertName ?? search.alert}</bdi>
          </Button>
        )}
      </Filters>
      <GoneFilters
        filters={[
          ...(integration !== undefined && isIntegrationGone
            ? [{ what: "integration", value: integration, onRemove: () => set({ integration: "" }) }]
            : []),
          ...(alert !== undefined && isAlertGone
            ? [{ what: "alert", value: alert, onRemove: () => set({ alert: "" }) }]
            : [])
        ]}
      />
    </>
  )
}
