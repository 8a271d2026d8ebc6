import { useQuery } from "@tanstack/react-query"
import { useNavigate } from "@tanstack/react-router"
import { useEffect, useRef, useState } from "react"
import { integrationNamesQuery, rulesQuery, sourcesQuery } from "../../data/queries.ts"
import { Filters as FilterBar } from "../../parts/Filters.tsx"
import { type GoneFilter, GoneFilters } from "../../parts/GoneFilters.tsx"
import { InlineSelect, withChosen } from "../../parts/InlineSelect.tsx"
import { Icon } from "../../parts/Icon.tsx"
import { severities, severityWord } from "../../parts/Severity.tsx"
import { type Filters, isFiltered, severitiesOf, stateOf, states } from "./filters.ts"

const any = { value: "", label: "Any" }
const pause = 250

/** The filters; all of them are in the address. */
export const AlertFilters = ({ filters }: { readonly filters: Filters }) => {
  const navigate = useNavigate({ from: "/alerts" })
  const { data: sources } = useQuery(sourcesQuery)
  const { data: rules } = useQuery(rulesQuery)
  const { data: integrations } = useQuery(integrationNamesQuery)
  const set = (changed: { readonly [Name in keyof Filters]?: string | undefined }) =>
    void navigate({
      search: (before) =>
        Object.fromEntries(Object.entries({ ...before, ...changed }).filter(([, value]) => value !== "")),
      replace: true
    })

  const named = sources?.items.map(({ name }) => ({ id: name, name }))
  /** The filter if what it names is not in its list, once all of that was read. */
  const gone = (
    name: "source" | "rule" | "integration",
    list: { readonly items: ReadonlyArray<Named>; readonly total: number } | undefined
  ): ReadonlyArray<GoneFilter> => {
    const value = filters[name]
    if (value === undefined || list === undefined || list.items.length < list.total) return []
    return list.items.some(({ id }) => id === value) ? [] : [{ what: name, value, onRemove: () => set({ [name]: "" }) }]
  }
  const options = (items: ReadonlyArray<Named> | undefined, chosen?: string) =>
    withChosen([any, ...(items ?? []).map(({ id, name }) => ({ value: id, label: name }))], chosen)

  return (
    <>
      <FilterBar
        first={<Words text={filters.text ?? ""} onChange={(text) => set({ text })} />}
        isFiltered={isFiltered(filters)}
        onClear={() => void navigate({ search: {}, replace: true })}
      >
        <InlineSelect
          label="State"
          value={filters.state ?? stateOf(filters)}
          options={withChosen(states, filters.state)}
          onChange={(state) => set({ state: state === "raised" ? "" : state })}
        />
        <InlineSelect
          label="Severity"
          value={filters.severity ?? ""}
          options={withChosen(
            [any, ...severities.map((name) => ({ value: name, label: severityWord(name) }))],
            filters.severity,
            severitiesOf(filters).map(severityWord).join(", ") || filters.severity
          )}
          onChange={(severity) => set({ severity })}
        />
        <InlineSelect
          label="Source"
          value={filters.source ?? ""}
          options={options(named, filters.source)}
          onChange={(source) => set({ source })}
        />
        <InlineSelect
          label="Rule"
          value={filters.rule ?? ""}
          options={options(rules?.items, filters.rule)}
          onChange={(rule) => set({ rule })}
        />
        <InlineSelect
          label="Integration"
          value={filters.integration ?? ""}
          options={options(integrations?.items, filters.integration)}
          onChange={(integration) => set({ integration })}
        />
        <button
          type="button"
          className="button toggle"
          aria-pressed={filters.notified === "no"}
          onClick={() => set({ notified: filters.notified === "no" ? "" : "no" })}
        >
          Not notified
        </button>
      </FilterBar>
      <GoneFilters
        filters={[
          ...gone("source", sources && { items: named ?? [], total: named?.length ?? 0 }),
          ...gone("rule", rules),
          ...gone("integration", integrations)
        ]}
      />
    </>
  )
}

interface Named {
  readonly id: string
  readonly name: string
}

/** Free text; the list follows when the reader stops typing. */
const Words = ({ onChange, text }: { readonly text: string; readonly onChange: (text: string) => void }) => {
  const [typed, setTyped] = useState(text)
  const sent = useRef(text)
  useEffect(() => {
    if (text === sent.current) return
    sent.current = text
    setTyped(text)
  }, [text])
  useEffect(() => {
    if (typed === sent.current) return
    const timer = setTimeout(() => {
      sent.current = typed
      onChange(typed)
    }, pause)
    return () => clearTimeout(timer)
  })
  return (
    <label className="words">
      <span className="hidden">Search alerts</span>
      <Icon name="search" />
      <input
        type="search"
        className="input"
        placeholder="Search alerts"
        maxLength={256}
        value={typed}
        onChange={({ target }) => setTyped(target.value)}
      />
    </label>
  )
}
