import { useQuery } from "@tanstack/react-query"
import { useNavigate } from "@tanstack/react-router"
import { useEffect, useRef, useState } from "react"
import { integrationNamesQuery, rulesQuery, sourcesQuery } from "../../data/queries.ts"
import { Filters as FilterBar } from "../../parts/Filters.tsx"
import { InlineSelect } from "../../parts/InlineSelect.tsx"
import { Icon } from "../../parts/Icon.tsx"
import { severities, severityWord } from "../../parts/Severity.tsx"
import { type Filters, isFiltered, stateOf, states } from "./filters.ts"

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

  const options = (
    items: ReadonlyArray<{ readonly id: string; readonly name: string }> | undefined,
    chosen?: string
  ) => {
    const found = (items ?? []).map(({ id, name }) => ({ value: id, label: name }))
    // An address may name something that was removed.
    const isKnown = chosen === undefined || found.some(({ value }) => value === chosen)
    return [any, ...found, ...(isKnown ? [] : [{ value: chosen, label: chosen }])]
  }

  return (
    <FilterBar
      first={<Words text={filters.text ?? ""} onChange={(text) => set({ text })} />}
      isFiltered={isFiltered(filters)}
      onClear={() => void navigate({ search: {}, replace: true })}
    >
      <InlineSelect
        label="State"
        value={stateOf(filters)}
        options={states}
        onChange={(state) => set({ state: state === "raised" ? "" : state })}
      />
      <InlineSelect
        label="Severity"
        value={filters.severity ?? ""}
        options={[any, ...severities.map((name) => ({ value: name, label: severityWord(name) }))]}
        onChange={(severity) => set({ severity })}
      />
      <InlineSelect
        label="Source"
        value={filters.source ?? ""}
        options={options(
          sources?.items.map(({ name }) => ({ id: name, name })),
          filters.source
        )}
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
  )
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
