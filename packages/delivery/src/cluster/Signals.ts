/**
 * Notifies lanes of new work after a commit.
 */
import type { IntegrationId } from "@tocsin/core"
import { Context, Effect, Layer, Queue } from "effect"
import { Peers, type Signal } from "./Peers.ts"

/** The most signals that are published at once. */
const maxSignals = 256

/** Carries signals from writers to lanes, whichever gateway owns them. A lost one costs time only: lanes also poll. */
export class Signals extends Context.Service<
  Signals,
  {
    readonly send: (integrations: Iterable<IntegrationId>, of: Signal["of"]) => Effect.Effect<void>
    readonly take: Effect.Effect<Signal>
    /**
     * Sets what the integration's lane here does as soon as an edit is committed here; undefined if the lane does not run
     * here. If it runs here, other gateways need no signal of work for it.
     */
    readonly setOwned: (integration: IntegrationId, edited: (() => void) | undefined) => void
  }
>()("@tocsin/delivery/Signals") {
  static readonly layer: Layer.Layer<Signals, never, Peers> = Layer.effect(
    Signals,
    Effect.gen(function* () {
      const peers = yield* Peers
      const here = yield* Queue.unbounded<Signal>()
      const elsewhere = yield* Queue.unbounded<Signal>()
      const owned = new Map<IntegrationId, () => void>()

      if (peers.many) {
        yield* Queue.takeBetween(elsewhere, 1, maxSignals).pipe(
          Effect.flatMap(peers.publish),
          Effect.forever({ disableYield: true }),
          Effect.forkScoped
        )
      }

      return Signals.of({
        send: Effect.fnUntraced(function* (integrations, of) {
          const signals = [...new Set(integrations)].map((integration) => ({ integration, of }))
          for (const { integration, of } of signals) if (of === "changed") owned.get(integration)?.()
          yield* Queue.offerAll(here, signals)
          if (!peers.many) return
          yield* Queue.offerAll(
            elsewhere,
            signals.filter(({ integration, of }) => of === "changed" || !owned.has(integration))
          )
        }),
        take: Queue.take(here),
        setOwned: (integration, edited) =>
          void (edited === undefined ? owned.delete(integration) : owned.set(integration, edited))
      })
    })
  )
}
