import { useQuery } from "@tanstack/react-query"
import { useNavigate } from "@tanstack/react-router"
import { useLayoutEffect, useState } from "react"
import { Autocomplete, Input, Label, ListBox, ListBoxItem, SearchField } from "react-aria-components"
import { call } from "../data/call.ts"
import { integrationsQuery, rulesQuery } from "../data/queries.ts"
import { Dialog } from "../parts/Dialog.tsx"
import { Icon, type IconName } from "../parts/Icon.tsx"
import { useSettled } from "../parts/useSettled.ts"
import { pages } from "./Navigation.tsx"
import "./GoTo.css"

interface Place {
  readonly id: string
  readonly name: string
  readonly kind: string
  readonly icon: IconName
  readonly go: () => void
}

const most = 8

/** Goes to a page, an alert, a rule or an integration by its name. */
export const GoTo = ({
  onClose,
  onShown
}: {
  readonly onClose: () => void
  /** Returns the text that was typed before the field was there. */
  readonly onShown: () => string
}) => {
  const navigate = useNavigate()
  const [text, setText] = useState("")
  useLayoutEffect(() => setText((typed) => onShown() + typed), [])
  const settled = useSettled(text.trim())
  const { data: integrations } = useQuery(integrationsQuery)
  const { data: rules } = useQuery(rulesQuery)
  const {
    data: alerts,
    isError,
    isFetching
  } = useQuery({
    queryKey: ["go to", settled],
    queryFn: ({ signal }) => call((client) => client.alerts.list({ query: { q: settled, limit: most } }), signal),
    enabled: settled.length > 1 && settled.length <= 256,
    staleTime: 0,
    retry: false
  })
  const wanted = text.trim().toLowerCase()
  const isSearching = isFetching || settled !== text.trim()
  const fits = (name: string) => name.toLowerCase().includes(wanted)

  const places: ReadonlyArray<Place> = [
    ...pages
      .filter(({ name }) => fits(name))
      .map(({ icon, name, to }) => ({ id: `page ${to}`, name, kind: "page", icon, go: () => void navigate({ to }) })),
    ...(integrations?.items ?? [])
      .filter(({ name }) => wanted !== "" && fits(name))
      .slice(0, most)
      .map(({ id, name }) => ({
        id: `integration ${id}`,
        name,
        kind: "integration",
        icon: "integrations" as const,
        go: () => void navigate({ to: "/integrations", search: { edit: id } })
      })),
    ...(rules?.items ?? [])
      .filter(({ name }) => wanted !== "" && fits(name))
      .slice(0, most)
      .map(({ id, name }) => ({
        id: `rule ${id}`,
        name,
        kind: "rule",
        icon: "rules" as const,
        go: () => void navigate({ to: "/alert-settings", search: { rule: id } })
      })),
    ...(wanted === "" ? [] : (alerts?.items ?? [])).map(({ id, rule, state, test }) => ({
      id: `alert ${id}`,
      name: test === undefined ? rule.name : `${rule.name}: ${test.name}`,
      kind: state === "raised" ? "active alert" : "cleared alert",
      icon: "alerts" as const,
      go: () => void navigate({ to: "/alerts/$id", params: { id } })
    }))
  ]

  return (
    <Dialog title="Go to" width="medium" onClose={onClose} isDismissable>
      <Autocomplete inputValue={text} onInputChange={setText}>
        <SearchField className="go-field" autoFocus>
          <Label className="hidden">Name of a page, an alert, a rule or an integration</Label>
          <Icon name="search" />
          <Input className="input" placeholder="Alerts, rules, integrations by name" />
        </SearchField>
        <ListBox
          className="options go-places"
          aria-label="Places"
          items={places}
          onAction={(key) => {
            places.find(({ id }) => id === key)?.go()
            onClose()
          }}
          renderEmptyState={() => (
            <p className="go-empty quiet">
              {isSearching
                ? "Searching…"
                : isError
                  ? "The gateway cannot search alerts now. No page, rule or integration has this name."
                  : "Nothing has this name."}
            </p>
          )}
        >
          {(place) => (
            <ListBoxItem id={place.id} textValue={`${place.name}, ${place.kind}`} className="option always">
              <span className="go-place">
                <Icon name={place.icon} />
                <bdi className="cut">{place.name}</bdi>
              </span>
              <span className="go-kind quiet">{place.kind}</span>
            </ListBoxItem>
          )}
        </ListBox>
      </Autocomplete>
    </Dialog>
  )
}
