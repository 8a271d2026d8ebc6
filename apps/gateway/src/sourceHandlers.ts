import { Api, NotFound } from "@tocsin/client"
import { Intake, Unreadable } from "@tocsin/delivery"
import { ThousandEyes } from "@tocsin/sources"
import { DateTime, Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { parseJson, readText } from "./body.ts"
import { next } from "./pages.ts"
import { storeProblem } from "./problems.ts"
import { Settings } from "./Settings.ts"

/**
 * `/v1/sources`. What cannot be read is kept for a person; the sender is told
 * only if it was not even JSON, because a sender repeats what is refused.
 */
export const SourceHandlers = HttpApiBuilder.group(
  Api,
  "sources",
  Effect.fn(function* (handlers) {
    const intake = yield* Intake
    const unreadable = yield* Unreadable
    const { thousandEyesTimeZone: timezone, thousandEyesViewsUrl: viewsUrl } = yield* Settings

    return handlers
      .handleRaw("post", ({ params: { name }, request }) =>
        Effect.gen(function* () {
          if (name !== "thousandeyes") {
            return yield* new NotFound({ detail: "There is no source of this name; there is thousandeyes" })
          }
          const text = yield* readText(request)
          const body = yield* parseJson(text).pipe(
            Effect.tapError(({ errors }) =>
              Effect.mapError(unreadable.keep(name, errors[0]?.message ?? "not JSON", text), storeProblem)
            )
          )
          const decoded = ThousandEyes.decode(body, {
            source: name,
            timezone,
            viewsUrl,
            receivedAt: yield* DateTime.now
          })
          switch (decoded._tag) {
            case "Test":
              return { accepted: 0, unreadable: 0 }
            case "Unreadable":
              yield* Effect.mapError(unreadable.keep(name, decoded.why, text), storeProblem)
              return { accepted: 0, unreadable: 1 }
            case "Events":
              yield* Effect.mapError(intake.accept(decoded.events), storeProblem)
              return { accepted: decoded.events.length, unreadable: 0 }
          }
        })
      )
      .handle("unreadable", ({ query }) =>
        Effect.gen(function* () {
          const { limit = 100 } = query
          const page = yield* Effect.mapError(unreadable.list({ limit, before: query.after }), storeProblem)
          return {
            items: page.items.map((item) => ({ ...item, receivedAt: DateTime.makeUnsafe(item.receivedAt) })),
            total: page.total,
            ...next(page)
          }
        })
      )
  })
)
