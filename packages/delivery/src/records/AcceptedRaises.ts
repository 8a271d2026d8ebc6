/**
 * A shortcut: remembers the first raises that this gateway accepted, so that a lane claims them without reading their
 * deliveries, alerts and conversations. Nearly none has changed by then, and the claim itself compares.
 */
import { Context, Effect, Layer } from "effect"
import { Shortcuts } from "../domain/Shortcuts.ts"
import type { Opening } from "./DirectClaims.ts"

/** The most raises that are remembered, some four megabytes. Lanes read those beyond. */
const most = 1024

/** After so many milliseconds a raise gives way to others: another gateway may have claimed it, or a digest. */
const longestWait = 60_000

/** The most characters of a raise that is remembered. */
const longest = 4096

/** A raise whose delivery is pending. */
export interface AcceptedRaise {
  readonly delivery: string
  readonly opening: Opening
  /** When the delivery was created, in epoch milliseconds. */
  readonly createdAt: number
}

/** The raises that this gateway accepted and has not claimed. */
export class AcceptedRaises extends Context.Service<
  AcceptedRaises,
  {
    /** Remembers raises, after the commit. */
    readonly remember: (raises: ReadonlyArray<AcceptedRaise>) => void
    /** Whether the raise of a delivery is remembered. */
    readonly has: (delivery: string) => boolean
    /** Returns the raises of these deliveries that are remembered, in their order, and forgets them. */
    readonly take: (deliveries: ReadonlyArray<string>) => ReadonlyArray<AcceptedRaise>
  }
>()("@tocsin/delivery/AcceptedRaises") {
  static readonly layer: Layer.Layer<AcceptedRaises> = Layer.effect(
    AcceptedRaises,
    Effect.map(Effect.service(Shortcuts), (takesShortcuts) => {
      const known = new Map<string, AcceptedRaise>()
      return AcceptedRaises.of({
        remember: (raises) => {
          if (!takesShortcuts) return
          for (const raise of raises) {
            if (raise.opening.text.length > longest) continue
            for (const [delivery, { createdAt }] of known.size < most ? [] : known) {
              if (createdAt + longestWait > raise.createdAt) break
              known.delete(delivery)
            }
            // The oldest stay, because lanes claim them first.
            if (known.size < most) known.set(raise.delivery, raise)
          }
        },
        has: (delivery) => known.has(delivery),
        take: (deliveries) =>
          deliveries.flatMap((id) => {
            const raise = known.get(id)
            known.delete(id)
            return raise ?? []
          })
      })
    })
  )
}
