import type {
  Activity,
  AlertDetails,
  AlertRule,
  AlertSummary,
  ConfiguredSource,
  Delivery,
  Explanation,
  Integration,
  Key,
  Lane,
  Plugin,
  Session,
  Source,
  SourceType,
  TimelineEntry,
  UnreadableBody
} from "@tocsin/client"
import { keepPreviousData, queryOptions } from "@tanstack/react-query"
import { call } from "./call.ts"
import { send } from "./send.ts"

export type AlertRow = typeof AlertSummary.Type
export type AlertInFull = typeof AlertDetails.Type
export type RuleRow = typeof AlertRule.Type
export type DeliveryRow = typeof Delivery.Type
export type ExplanationRow = typeof Explanation.Type
export type ConfiguredSourceRow = typeof ConfiguredSource.Type
export type IntegrationRow = typeof Integration.Type
export type KeyRow = typeof Key.Type
export type LaneRow = typeof Lane.Type
export type PluginRow = typeof Plugin.Type
export type SessionRow = typeof Session.Type
export type SourceRow = typeof Source.Type
export type SourceTypeRow = typeof SourceType.Type
export type TimelineRow = typeof TimelineEntry.Type
export type UnreadableRow = typeof UnreadableBody.Type
export type ActivityRow = typeof Activity.Type
export type AlertId = AlertRow["id"]
export type IntegrationId = IntegrationRow["id"]
export type RuleId = RuleRow["id"]

const most = 500

export const integrationsQuery = queryOptions({
  queryKey: ["integrations"],
  queryFn: ({ signal }) => call((client) => client.integrations.list({ query: { limit: most } }), signal)
})

/**
 * The integrations where only their names are shown. In a storm each of them changes every second, by its last delivery:
 * so these are not read again at each change.
 */
export const integrationNamesQuery = queryOptions({
  ...integrationsQuery,
  queryKey: ["integration names"],
  staleTime: 0,
  refetchInterval: 30_000
})

export const activityQuery = queryOptions({
  queryKey: ["activity"],
  queryFn: ({ signal }) => call((client) => client.lanes.activity(), signal)
})

export const pluginsQuery = queryOptions({
  queryKey: ["plugins"],
  queryFn: ({ signal }) => call((client) => client.plugins.list(), signal)
})

export const rulesQuery = queryOptions({
  queryKey: ["rules"],
  queryFn: ({ signal }) => call((client) => client.rules.list({ query: { limit: most } }), signal)
})

export const alertQuery = (id: AlertId) =>
  queryOptions({
    queryKey: ["alert", id, "details"],
    queryFn: ({ signal }) => call((client) => client.alerts.get({ params: { id } }), signal)
  })

export const explainQuery = (id: AlertId) =>
  queryOptions({
    queryKey: ["alert", id, "explain"],
    queryFn: ({ signal }) => call((client) => client.alerts.explain({ params: { id } }), signal)
  })

export const timelineQuery = (id: AlertId) =>
  queryOptions({
    queryKey: ["alert", id, "timeline"],
    queryFn: ({ signal }) => call((client) => client.alerts.timeline({ params: { id } }), signal)
  })

export const sourcesQuery = queryOptions({
  queryKey: ["sources", "list"],
  queryFn: ({ signal }) => call((client) => client.sources.list({ query: {} }), signal),
  // An answer may be two seconds old.
  refetchInterval: 10_000
})

export const sourceTypesQuery = queryOptions({
  queryKey: ["source types"],
  queryFn: ({ signal }) => call((client) => client.sourceTypes.list(), signal)
})

export const unreadableQuery = queryOptions({
  queryKey: ["sources", "unreadable"],
  queryFn: ({ signal }) => call((client) => client.sources.unreadable({ query: { limit: 100 } }), signal)
})

export const lanesQuery = queryOptions({
  queryKey: ["lanes"],
  queryFn: ({ signal }) => call((client) => client.lanes.list({ query: {} }), signal)
})

export const sessionsQuery = queryOptions({
  queryKey: ["sessions"],
  queryFn: ({ signal }) => call((client) => client.sessions.list({ query: {} }), signal)
})

export const keysQuery = queryOptions({
  queryKey: ["keys"],
  queryFn: ({ signal }) => call((client) => client.keys.list({ query: { limit: most } }), signal)
})

export const healthQuery = queryOptions({
  queryKey: ["health"],
  queryFn: ({ signal }) => call((client) => client.healthz(), signal),
  staleTime: 10_000,
  refetchInterval: 15_000
})

/** The counts of alerts and deliveries that "Get started" uses. */
export const anyAlertQuery = queryOptions({
  queryKey: ["counts", "alerts"],
  queryFn: ({ signal }) => call((client) => client.alerts.list({ query: { limit: 1 } }), signal)
})

/** The last alerts, with which a message can be previewed. */
export const recentAlertsQuery = queryOptions({
  queryKey: ["recent alerts"],
  queryFn: ({ signal }) => call((client) => client.alerts.list({ query: { limit: 20 } }), signal),
  staleTime: 30_000
})

/** The alerts of the last day that match, with the match as it was typed. */
export const matchesQuery = (match: unknown) =>
  queryOptions({
    queryKey: ["rules", "matches", match],
    queryFn: async ({ signal }) => {
      const { body } = await send<MatchedAlerts>("POST", "/v1/rules/matches", { match }, { signal })
      return body
    },
    placeholderData: keepPreviousData,
    retry: false
  })

/** The JSON of the answer. */
interface MatchedAlerts {
  readonly items: ReadonlyArray<
    Pick<AlertRow, "id" | "rule" | "severity" | "state" | "test"> & { readonly startedAt: string }
  >
  readonly total: number
  readonly of: number
  readonly more?: true
}

/** Integrations by their id. */
export const byId = <Item extends { readonly id: string }>(
  items: ReadonlyArray<Item> | undefined
): ReadonlyMap<string, Item> => new Map((items ?? []).map((item) => [item.id, item]))
