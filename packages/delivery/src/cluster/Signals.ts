/**
 * How the lanes learn, after a commit, that there is something for them.
 */
import { IntegrationId } from "@tocsin/core"
import { Context, Effect, Layer, Queue } from "effect"
import { Peers, type Signal } from "./Peers.ts"

/** At most so many are told to the other gateways at once. */
const maxGroup = 256

/** Carries signals from the writers to the lanes, wherever they are served. A lost one costs time only: lanes look by themselves now and then. */
export class Signals extends Context.Service<
  Signals,
  {
    readonly send: (integrations: Iterable<IntegrationId>, of: Signal["of"]) => Effect.Effect<void>
    readonly take: Effect.Effect<Signal>
    /** Says whose lanes are served here, so that others are not told of work for them. */
    readonly serves: (integration: IntegrationId, isServed: boolean) => void
  }
>()("@tocsin/delivery/Signals") {
  static readonly layer: Layer.Layer<Signals, never, Peers> = Layer.effect(
    Signals,
    Effect.gen(function* () {
      const peers = yield* Peers
      const here = yield* Queue.unbounded<Signal>()
      const elsewhere = yield* Queue.unbounded<Signal>()
      const served = new Set<IntegrationId>()

      if (peers.many) {
        yield* Queue.takeBetween(elsewhere, 1, maxGroup).pipe(
          Effect.flatMap(peers.tell),
          Effect.forever({ disableYield: true }),
          Effect.forkScoped
        )
      }

      return Signals.of({
        send: Effect.fnUntraced(function* (integrations, of) {
          const signals = [...new Set(integrations)].map((integration) => ({ integration, of }))
          yield* Queue.offerAll(here, signals)
          if (!peers.many) return
          yield* Queue.offerAll(
            elsewhere,
            signals.filter(({ integration, of }) => of === "changed" || !served.has(integration))
          )
        }),
        take: Queue.take(here),
        serves: (integration, isServed) => void (isServed ? served.add(integration) : served.delete(integration))
      })
    })
  )
}
