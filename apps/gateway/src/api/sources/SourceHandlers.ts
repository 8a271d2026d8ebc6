import { Conflict, NotFound } from "@tocsin/client"
import { Overview, UnreadableBodies } from "@tocsin/delivery"
import { builtIn, PagerDuty, Prometheus, type Source, ThousandEyes } from "@tocsin/sources"
import { Clock, DateTime, Duration, Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { GatewayApi } from "../GatewayApi.ts"
import { boundedList, boundedPage } from "../pagination.ts"
import { notFound } from "../problems.ts"
import { makeReceiver } from "./receiver.ts"

/** `/v1/sources` */
export const SourceHandlers = HttpApiBuilder.group(
  GatewayApi,
  "sources",
  Effect.fn(function* (handlers) {
    const overview = yield* Overview
    const unreadable = yield* UnreadableBodies
    const receiver = yield* makeReceiver

    return handlers
      .handleRaw("post", ({ params: { name }, request }) =>
        Effect.gen(function* () {
          const source = sources.get(name)
          if (source === undefined || elsewhere.has(name)) return yield* noSource(name)
          return yield* receiver.receive(source, request)
        })
      )
      .handle("list", ({ query: { after } }) =>
        Effect.gen(function* () {
          const known = yield* overview.sources
          const since = (yield* Clock.currentTimeMillis) - Duration.toMillis(Duration.days(1))
          // ThousandEyes is listed even before its first event.
          const named = known.some(({ name }) => name === ThousandEyes.type) ? known : [nothingYet, ...known]
          const items = named.map(({ events24h, lastEventAt, lastUnreadableAt = 0, name, unreadable24h }) => ({
            name,
            type: sources.has(name) ? name : "json",
            address: addressOf(name),
            state:
              lastUnreadableAt > (lastEventAt ?? 0)
                ? ("unreadable" as const)
                : lastEventAt !== undefined && lastEventAt >= since
                  ? ("ok" as const)
                  : ("quiet" as const),
            ...(lastEventAt !== undefined && { lastEventAt: DateTime.makeUnsafe(lastEventAt) }),
            events24h,
            unreadable24h
          }))
          return boundedList(items, after)
        })
      )
      .handle("unreadable", ({ query }) =>
        Effect.gen(function* () {
          const { limit = 100 } = query
          const page = yield* unreadable.list({ limit, before: query.after })
          const items = page.items.map(({ from, receivedAt, ...item }) => ({
            ...item,
            ...(from !== undefined && { from }),
            receivedAt: DateTime.makeUnsafe(receivedAt)
          }))
          return boundedPage(page, items)
        })
      )
      .handle("replay", ({ params: { id } }) =>
        Effect.gen(function* () {
          const kept = yield* unreadable.get(id)
          if (kept === undefined) return yield* notFound("kept body", "/v1/sources/unreadable")
          if (!kept.isWhole) {
            return yield* new Conflict({
              detail: "Not all of it was kept, or not all was UTF-8: let its source send it again"
            })
          }
          const source = sources.get(kept.source)
          if (source === undefined) return yield* new Conflict({ detail: `There is no source ${kept.source} any more` })
          const taken = yield* receiver.replay(source, kept.body)
          if (taken.unreadable === 0) yield* unreadable.remove(id)
          return taken
        })
      )
  })
)

const sources: ReadonlyMap<string, Source> = new Map(builtIn.map((source) => [source.type, source]))

/** The sources whose senders expect a path of their own. */
const elsewhere: ReadonlyMap<string, string> = new Map([
  [Prometheus.type, "/api/v2/alerts"],
  [PagerDuty.type, "/v2/enqueue"]
])

/** The path to which a source posts. */
const addressOf = (name: string): string =>
  elsewhere.get(name) ?? (sources.has(name) ? `/v1/sources/${name}` : "/v1/alerts")

const noSource = (name: string) => {
  const address = elsewhere.get(name)
  const names = [...sources.keys()].filter((name) => !elsewhere.has(name)).toSorted()
  return new NotFound({
    detail:
      address === undefined
        ? `There is no source of this name; there are ${names.join(", ")}`
        : `This source posts to ${address}`
  })
}

const nothingYet = {
  name: ThousandEyes.type,
  lastEventAt: undefined,
  events24h: 0,
  lastUnreadableAt: undefined,
  unreadable24h: 0
}
