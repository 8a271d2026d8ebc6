/**
 * How the lanes learn, after a commit, that there is something for them.
 */
import type { IntegrationId } from "@tocsin/core"
import { Context, Effect, Layer, Queue } from "effect"

/** `work`: deliveries wait there. `changed`: the integration was made, edited or removed. */
export interface Signal {
  readonly integration: IntegrationId
  readonly of: "work" | "changed"
}

/** Carries signals from the writers to the lanes. A lost one costs time only: lanes look by themselves now and then. */
export class Signals extends Context.Service<
  Signals,
  {
    readonly send: (integrations: Iterable<IntegrationId>, of: Signal["of"]) => Effect.Effect<void>
    readonly take: Effect.Effect<Signal>
  }
>()("@tocsin/delivery/Signals") {
  static readonly layer: Layer.Layer<Signals> = Layer.effect(
    Signals,
    Effect.map(Queue.unbounded<Signal>(), (queue) =>
      Signals.of({
        send: (integrations, of) =>
          Effect.asVoid(
            Queue.offerAll(
              queue,
              [...new Set(integrations)].map((integration) => ({ integration, of }))
            )
          ),
        take: Queue.take(queue)
      })
    )
  )
}
