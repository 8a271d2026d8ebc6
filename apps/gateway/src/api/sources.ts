import { InboundLimits } from "@tocsin/core"
import { Conflict, NotFound } from "@tocsin/client"
import { Intake, Overview, type StoreUnavailable, UnreadableBodies } from "@tocsin/delivery"
import { readNumber, ThousandEyes } from "@tocsin/sources"
import { Clock, DateTime, Duration, Effect, Option, Redacted } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { GatewayApi } from "./GatewayApi.ts"
import { readBody } from "./body/readBody.ts"
import { readJson } from "./body/readJson.ts"
import { boundedList, boundedPage } from "./pagination.ts"
import { notFound } from "./problems.ts"
import { Settings } from "../startup/Settings.ts"

/**
 * `/v1/sources`. What cannot be read is kept for a person; the sender is told
 * only if it was not even JSON, because a sender repeats what is refused.
 */
export const SourceHandlers = HttpApiBuilder.group(
  GatewayApi,
  "sources",
  Effect.fn(function* (handlers) {
    const intake = yield* Intake
    const overview = yield* Overview
    const unreadable = yield* UnreadableBodies
    const { thousandEyesTimeZone: timezone, thousandEyesViewsUrl: viewsUrl, token } = yield* Settings

    /** Our own token is not to be read there either, whatever it looks like. */
    const withoutToken = (text: string) =>
      Option.match(token, {
        onNone: () => text,
        onSome: (token) => text.replaceAll(Redacted.value(token), "<redacted>")
      })

    /** Accepts the readable events of a body; `keep` stores the unreadable ones. */
    const take = Effect.fnUntraced(function* (
      source: string,
      body: unknown,
      keep: (why: string) => Effect.Effect<void, StoreUnavailable>
    ) {
      const decoded = yield* ThousandEyes.decode(body, { source, timezone, viewsUrl, receivedAt: yield* DateTime.now })
      switch (decoded._tag) {
        case "Test":
          return { accepted: 0, unreadable: 0 }
        case "Unreadable":
          yield* keep(decoded.why)
          return { accepted: 0, unreadable: 1, why: decoded.why }
        case "Events":
          yield* intake.accept(decoded.events)
          return { accepted: decoded.events.length, unreadable: 0 }
      }
    })

    return handlers
      .handleRaw("post", ({ params: { name }, request }) =>
        Effect.gen(function* () {
          if (name !== "thousandeyes") {
            return yield* new NotFound({ detail: "There is no source of this name; there is thousandeyes" })
          }
          const from = Option.getOrUndefined(request.remoteAddress)
          const sent = yield* readBody(request).pipe(
            // Of what is compressed, too long or in another charset only the reason is kept.
            Effect.tapError(({ detail: why = "The body cannot be read" }) =>
              unreadable.keep({ source: name, why, body: "", isWhole: false, from })
            )
          )
          const isWhole = sent.notUtf8At === undefined
          const keep = (why: string) =>
            unreadable.keep({ source: name, why, body: withoutToken(sent.text), isWhole, from })
          const { value } = yield* readJson(sent, json).pipe(
            Effect.tapError(({ errors }) => keep(errors[0]?.message ?? "not JSON"))
          )
          return yield* take(name, value, keep)
        })
      )
      .handle("list", ({ query: { after } }) =>
        Effect.gen(function* () {
          const known = yield* overview.sources
          const since = (yield* Clock.currentTimeMillis) - Duration.toMillis(Duration.days(1))
          // The built-in source is there before anything came.
          const named = known.some(({ name }) => name === "thousandeyes") ? known : [nothingYet, ...known]
          const items = named.map(({ events24h, lastEventAt, lastUnreadableAt = 0, name, unreadable24h }) => ({
            name,
            type: name === "thousandeyes" ? "thousandeyes" : "json",
            address: name === "thousandeyes" ? "/v1/sources/thousandeyes" : "/v1/alerts",
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
          if (kept === undefined) return yield* noSuch()
          if (!kept.isWhole) {
            return yield* new Conflict({
              detail: "Not all of it was kept, or not all was UTF-8: let its source send it again"
            })
          }
          const { value } = yield* readJson({ text: kept.body, notUtf8At: undefined }, json).pipe(
            Effect.mapError(
              ({ detail = "The body is not JSON" }) =>
                new Conflict({ detail: `${detail}. It stays: let its source send JSON` })
            )
          )
          const taken = yield* take(kept.source, value, () => Effect.void)
          if (taken.unreadable === 0) yield* unreadable.remove(id)
          return taken
        })
      )
  })
)

/** With every digit of ids. */
const json = { maxValues: InboundLimits.maxValues, repeated: "last", number: readNumber } as const

const nothingYet = {
  name: "thousandeyes",
  lastEventAt: undefined,
  events24h: 0,
  lastUnreadableAt: undefined,
  unreadable24h: 0
}

const noSuch = () => notFound("kept body", "/v1/sources/unreadable")
