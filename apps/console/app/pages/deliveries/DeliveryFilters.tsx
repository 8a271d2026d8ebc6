import { useNavigate } from "@tanstack/react-router"
import type { IntegrationRow } from "../../data/queries.ts"
import { Button } from "../../parts/Button.tsx"
import { Filters } from "../../parts/Filters.tsx"
import { InlineSelect } from "../../parts/InlineSelect.tsx"
import { type DeliverySearch, deliveryStates, periods } from "./search.ts"

const any = { value: "", label: "Any" }

export const DeliveryFilters = ({
  alertName,
  integrations,
  search
}: {
  readonly search: DeliverySearch
  /** The name of the alert that the address asks for, once it is known. */
  readonly alertName: string | undefined
  readonly integrations: ReadonlyArray<IntegrationRow>
}) => {
  const navigate = useNavigate({ from: "/deliveries" })
  const set = (changed: Partial<Record<keyof DeliverySearch, string>>) =>
    void navigate({
      search: (before) =>
        Object.fromEntries(Object.entries({ ...before, ...changed }).filter(([, value]) => value !== "")),
      replace: true
    })
  return (
    <Filters isFiltered={Object.keys(search).length > 0} onClear={() => void navigate({ search: {}, replace: true })}>
      <InlineSelect
        label="State"
        value={search.state ?? ""}
        options={[any, ...deliveryStates]}
        onChange={(state) => set({ state })}
      />
      <InlineSelect
        label="Integration"
        value={search.integration ?? ""}
        options={[
          any,
          ...integrations.map(({ id, name }) => ({ value: id as string, label: name })),
          ...(search.integration === undefined || integrations.some(({ id }) => id === search.integration)
            ? []
            : [{ value: search.integration, label: search.integration }])
        ]}
        onChange={(integration) => set({ integration })}
      />
      <InlineSelect
        label="Since"
        value={search.since ?? ""}
        options={[any, ...periods]}
        onChange={(since) => set({ since })}
      />
      {search.alert !== undefined && (
        <Button icon="cross" onPress={() => set({ alert: "" })}>
          <span className="quiet">Alert</span> <bdi className="cut">{alertName ?? search.alert}</bdi>
        </Button>
      )}
    </Filters>
  )
}
