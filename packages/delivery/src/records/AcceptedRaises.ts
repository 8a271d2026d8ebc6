/**
 * A shortcut: remembers the first raises that this gateway accepted, so that a lane claims them without reading their
 * deliveries, alerts and conversations. Nearly none has changed by then, and the claim itself compares.
 */
import type { IntegrationId } from "@tocsin/core"
import { Context, Effect, Layer } from "effect"
import { Shortcuts } from "../domain/Shortcuts.ts"
import type { Opening } from "./DirectClaims.ts"

/** The most raises that are remembered, and the most characters of their events. Lanes read those beyond. */
const most = 4096
const mostCharacters = 4 * 1024 * 1024

/** After so many milliseconds a raise gives way to others: another gateway may have claimed it. */
const longestWait = 60_000

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
    /** Remembers raises. A transaction that is rolled back takes its own again. */
    readonly remember: (raises: ReadonlyArray<AcceptedRaise>) => void
    /** The deliveries of an integration whose raises are remembered, in their order. */
    readonly at: (integration: IntegrationId) => ReadonlySet<string>
    /** Returns the raises of these deliveries that are remembered, in their order, and forgets them. */
    readonly take: (deliveries: ReadonlyArray<string>) => ReadonlyArray<AcceptedRaise>
  }
>()("@tocsin/delivery/AcceptedRaises") {
  static readonly layer: Layer.Layer<AcceptedRaises> = Layer.effect(
    AcceptedRaises,
    Effect.map(Effect.service(Shortcuts), (takesShortcuts) => {
      const known = new Map<string, AcceptedRaise>()
      const byIntegration = new Map<IntegrationId, Set<string>>()
      let characters = 0

      const add = (raise: AcceptedRaise) => {
        const { integration } = raise.opening.conversation
        known.set(raise.delivery, raise)
        byIntegration.set(integration, (byIntegration.get(integration) ?? new Set()).add(raise.delivery))
        characters += raise.opening.text.length
      }

      const forget = ({ delivery, opening: { conversation, text } }: AcceptedRaise) => {
        known.delete(delivery)
        const others = byIntegration.get(conversation.integration)
        others?.delete(delivery)
        if (others?.size === 0) byIntegration.delete(conversation.integration)
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

const none: ReadonlySet<string> = new Set()
