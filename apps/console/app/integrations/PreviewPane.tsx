import { useQuery } from "@tanstack/react-query"
import { useRef, useState } from "react"
import { Tab, TabList, TabPanel, Tabs } from "react-aria-components"
import { type IntegrationRow, type PluginRow, recentAlertsQuery } from "../data/queries.ts"
import { send } from "../data/send.ts"
import { isObject, type JsonObject, plainText } from "../forms/schema.ts"
import { Foldable } from "../parts/Foldable.tsx"
import { InlineSelect } from "../parts/InlineSelect.tsx"
import { Skeleton } from "../parts/Page.tsx"
import { useSettled } from "../parts/useSettled.ts"
import { type Draft, payloadOf } from "./draft.ts"
import { PreviewView } from "../parts/PreviewView.tsx"

const kinds = ["Raised", "Cleared", "RaisedAndCleared", "Digest", "Test"]

/** A preview as the gateway returns it, not validated yet. */
interface Item {
  readonly kind: string
  readonly preview: unknown
  readonly text: string
  readonly requests: ReadonlyArray<{
    readonly method: string
    readonly url: string
    readonly body: string | undefined
    readonly headers: unknown
  }>
}

export interface PreviewState {
  readonly items: ReadonlyArray<Item> | undefined
  readonly isExample: boolean
  readonly isLoading: boolean
  /** Whether a type is selected. */
  readonly hasType: boolean
  /** Reads the preview of the entered values; returns their errors, or null. */
  readonly ask: () => Promise<unknown>
  readonly region: React.RefObject<HTMLElement | null>
  /** The id of the shown alert; empty for the example. */
  readonly alert: string
  readonly setAlert: (id: string) => void
}

const readItems = (answer: unknown): ReadonlyArray<Item> => {
  const items = isObject(answer) && Array.isArray(answer["items"]) ? answer["items"] : []
  return items.filter(isObject).map(({ kind, preview, requests, text }) => ({
    kind: plainText(kind),
    preview,
    text: plainText(text),
    requests: (Array.isArray(requests) ? requests : []).filter(isObject).map(({ body, headers, method, url }) => ({
      method: plainText(method),
      url: plainText(url),
      headers,
      body: typeof body === "string" ? body : undefined
    }))
  }))
}

/** The values on which a message depends. */
const previewOf = (draft: Draft): JsonObject => payloadOf({ ...draft, more: {}, fallback: undefined })

/** Previews the entered values; while they are incomplete, the plugin's example. */
export const usePreview = (
  draft: Draft,
  plugin: PluginRow | undefined,
  stored: IntegrationRow | undefined
): PreviewState => {
  const region = useRef<HTMLElement>(null)
  const { settings, type } = draft
  const name = draft.name === "" ? "Preview" : draft.name
  const isStored = stored !== undefined && stored.type === type
  const [alert, setAlert] = useState("")
  const about = alert === "" ? "" : `?alert=${encodeURIComponent(alert)}`
  const key = JSON.stringify([type, name, settings, alert])
  const settled = useSettled(key)
  const own = useQuery({
    queryKey: ["preview", stored?.id, settled],
    queryFn: async ({ signal }) => {
      const path = isStored ? `/v1/integrations/${encodeURIComponent(stored.id)}/preview` : "/v1/integrations/preview"
      const { body } = await send("POST", `${path}${about}`, isStored ? { settings } : previewOf({ ...draft, name }), {
        signal
      })
      return readItems(body)
    },
    enabled: plugin !== undefined && settled === key,
    // Not cached, because it may contain typed secrets.
    gcTime: 0,
    retry: false
  })
  const example = useQuery({
    queryKey: ["preview example", type, alert],
    queryFn: async ({ signal }) => {
      const payload = previewOf({ ...draft, name: "Preview", settings: plugin?.example ?? {} })
      const { body } = await send("POST", `/v1/integrations/preview${about}`, payload, { signal })
      return readItems(body)
    },
    enabled: plugin !== undefined && !isStored && own.isError,
    retry: false
  })
  return {
    items: own.data ?? example.data,
    isExample: own.data === undefined && example.data !== undefined,
    isLoading: own.isFetching || example.isFetching,
    hasType: plugin !== undefined,
    region,
    alert,
    setAlert,
    ask: async () => {
      const { error } = await own.refetch()
      if (error === null) {
        region.current?.focus()
        region.current?.scrollIntoView({ block: "nearest" })
      }
      return error
    }
  }
}

export const PreviewPane = ({
  preview: { alert, hasType, isExample, isLoading, items, region, setAlert }
}: {
  readonly preview: PreviewState
}) => (
  <section className="preview-pane" aria-label="Preview" ref={region} tabIndex={-1}>
    {hasType && <AlertChoice alert={alert} onChange={setAlert} />}
    {!hasType ? (
      <p className="quiet preview-hint">Choose a type to see what its messages look like.</p>
    ) : items === undefined ? (
      isLoading ? (
        <Skeleton rows={4} height="1.5rem" />
      ) : (
        <p className="quiet preview-hint">The preview appears when the settings are complete.</p>
      )
    ) : (
      <Tabs className="tabs">
        <TabList aria-label="Kind of message" className="tab-list">
          {kinds.map((kind) => (
            <Tab key={kind} id={kind} className="tab">
              {kind}
            </Tab>
          ))}
        </TabList>
        {kinds.map((kind) => (
          <TabPanel key={kind} id={kind} className="tab-panel">
            <OneKind item={items.find((item) => item.kind === kind)} />
          </TabPanel>
        ))}
        {isExample && <p className="hint">With the plugin's example settings, until yours are complete.</p>}
      </Tabs>
    )}
  </section>
)

/** The example alert, or one of the last ones. */
const AlertChoice = ({ alert, onChange }: { readonly alert: string; readonly onChange: (id: string) => void }) => {
  const { data } = useQuery(recentAlertsQuery)
  if (data === undefined || data.items.length === 0) return null
  return (
    <InlineSelect
      label="Alert"
      value={alert}
      options={[
        { value: "", label: "Example" },
        ...data.items.map(({ id, rule, test }) => ({
          value: id as string,
          label: test === undefined ? rule.name : `${rule.name}: ${test.name}`
        }))
      ]}
      onChange={onChange}
    />
  )
}

const OneKind = ({ item }: { readonly item: Item | undefined }) => {
  if (item === undefined) return <p className="quiet">The gateway shows no message of this kind.</p>
  return (
    <>
      <PreviewView preview={item.preview} text={item.text} />
      {item.requests.length > 0 && (
        <Foldable title="The request">
          {item.requests.map((request, index) => (
            <pre key={index} className="request" tabIndex={0} aria-label="The request as it goes out">
              {requestText(request)}
            </pre>
          ))}
        </Foldable>
      )}
    </>
  )
}

const requestText = ({ body, headers, method, url }: Item["requests"][number]): string =>
  [
    `${method} ${url}`,
    ...(isObject(headers) ? Object.entries(headers).map(([name, value]) => `${name}: ${plainText(value)}`) : []),
    "",
    body === undefined ? "" : pretty(body)
  ].join("\n")

const pretty = (body: string): string => {
  try {
    return JSON.stringify(JSON.parse(body), null, 2)
  } catch {
    return body
  }
}
