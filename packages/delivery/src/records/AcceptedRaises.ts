/**
 * A shortcut: remembers the first raises that this gateway accepted, so that a lane claims them without reading their
 * deliveries, alerts and conversations. Nearly none has changed by then, and the claim itself compares.
 */
import type { IntegrationId } from "@tocsin/core"
import { Context, Effect, Layer } from "effect"
import { Shortcuts } from "../domain/Shortcuts.ts"
import type { Opening } from "./DirectClaims.ts"

/** The most raises that are remembered, and the most characters of their events. Lanes read those beyond. */
const most = 8192
const mostCharacters = 8 * 1024 * 1024

/** After so many milliseconds a raise gives way to others: another gateway may have claimed it. */
const longestWait = 60_000

/** A raise whose delivery is pending. */
export interface AcceptedRaise {
  readonly delivery: string
  readonly opening: Opening
  /** The lock key of its alert. */
  readonly lockKey: string
  /** When the delivery was created, in epoch milliseconds. */
  readonly createdAt: number
}

/** The raises of an integration that are remembered. */
export interface Remembered {
  /** By their deliveries, in their order. */
  readonly raises: ReadonlyMap<string, AcceptedRaise>
  /** Those of them whose transaction may not be committed yet. */
  readonly uncommitted: ReadonlySet<string>
}

/** The raises that this gateway accepted and has not claimed. */
export class AcceptedRaises extends Context.Service<
  AcceptedRaises,
  {
    /** Remembers raises. A transaction that is rolled back takes its own again. */
    readonly remember: (raises: ReadonlyArray<AcceptedRaise>) => void
    /** Notes that the transaction that remembered them is committed. */
    readonly committed: (raises: ReadonlyArray<AcceptedRaise>) => void
    /** Returns the raises of an integration that are remembered. Later changes show in the result. */
    readonly at: (integration: IntegrationId) => Remembered
    /** Returns the raises of these deliveries that are remembered, in their order, and forgets them. */
    readonly take: (deliveries: ReadonlyArray<string>) => ReadonlyArray<AcceptedRaise>
  }
>()("@tocsin/delivery/AcceptedRaises") {
  static readonly layer: Layer.Layer<AcceptedRaises> = Layer.effect(
    AcceptedRaises,
    Effect.map(Effect.service(Shortcuts), (takesShortcuts) => {
      const known = new Map<string, AcceptedRaise>()
      const byIntegration = new Map<IntegrationId, ReturnType<typeof empty>>()
      let characters = 0

      const add = (raise: AcceptedRaise) => {
        const { integration } = raise.opening.conversation
        const own = byIntegration.get(integration) ?? empty()
        byIntegration.set(integration, own)
        known.set(raise.delivery, raise)
        own.raises.set(raise.delivery, raise)
        own.uncommitted.add(raise.delivery)
        characters += raise.opening.text.length
      }

      const forget = ({ delivery, opening: { conversation, text } }: AcceptedRaise) => {
        known.delete(delivery)
        const own = byIntegration.get(conversation.integration)
        own?.raises.delete(delivery)
        own?.uncommitted.delete(delivery)
        if (own?.raises.size === 0) byIntegration.delete(conversation.integration)
        characters -= text.length
      }

      const isFull = () => known.size >= most || characters >= mostCharacters

      return AcceptedRaises.of({
        remember: (raises) => {
          if (!takesShortcuts) return
          for (const raise of raises) {
            for (const old of isFull() ? known.values() : []) {
              if (old.createdAt + longestWait > raise.createdAt) break
              forget(old)
            }
            // The oldest stay, because lanes claim them first.
            if (!isFull()) add(raise)
          }
        },
        committed: (raises) => {
          for (const { delivery, opening } of raises)
            byIntegration.get(opening.conversation.integration)?.uncommitted.delete(delivery)
        },
        at: (integration) => byIntegration.get(integration) ?? none,
        take: (deliveries) =>
          deliveries.flatMap((id) => {
            const raise = known.get(id)
            if (raise === undefined) return []
            forget(raise)
            return [raise]
          })
      })
    })
  )
}

const empty = () => ({ raises: new Map<string, AcceptedRaise>(), uncommitted: new Set<string>() })

const none: Remembered = empty()
