/**
 * What operators should know of Tocsin itself: that an integration is broken (case D4).
 */
import { type IntegrationId, Notification } from "@tocsin/core"
import { Clock, Context, Effect, Layer, Schema } from "effect"
import { SecureRandom } from "effect/crypto"
import { SqlClient, type SqlError } from "effect/sql"
import { Integrations } from "../config/Integrations.ts"
import { Signals } from "../cluster/Signals.ts"

/** The integration by which operators are told; nobody is, unless it is provided. */
export const Operators = Context.Reference<IntegrationId | undefined>("@tocsin/delivery/OperatorNotices/Operators", {
  defaultValue: () => undefined
})

/** Operators hear of one integration at most this often, in milliseconds. */
const pause = 3_600_000

/** Owes notices. Belongs inside a journal's transaction. */
export class OperatorNotices extends Context.Service<
  OperatorNotices,
  {
    /** Tells operators that the integration is broken; once an hour, and never by itself. */
    readonly broken: (integration: IntegrationId, because: string) => Effect.Effect<void, SqlError.SqlError>
  }
>()("@tocsin/delivery/OperatorNotices") {
  static readonly layer: Layer.Layer<
    OperatorNotices,
    never,
    SqlClient.SqlClient | Integrations | Signals | SecureRandom.SecureRandom
  > = Layer.effect(
    OperatorNotices,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const integrations = yield* Integrations
      const signals = yield* Signals
      const random = yield* SecureRandom.SecureRandom
      const operators = yield* Operators

      return OperatorNotices.of({
        broken: Effect.fnUntraced(function* (integration, because) {
          if (operators === undefined || operators === integration) return
          const now = yield* Clock.currentTimeMillis
          const [last] = yield* sql<{ created_at: number }>`SELECT created_at FROM deliveries
            WHERE about = ${integration} ORDER BY sequence DESC LIMIT 1`
          if (last !== undefined && last.created_at <= now && last.created_at > now - pause) return
          const about = yield* integrations.get(integration)
          if (about === undefined || (yield* integrations.get(operators)) === undefined) return
          const id = yield* random.uuidV7()
          const cause = `integration ${integration} is broken`
          yield* sql`INSERT INTO deliveries ${sql.insert({
            id,
            integration_id: operators,
            kind: "Notice",
            status: "pending",
            cause,
            form: "rich",
            attempts: 0,
            unanswered: 0,
            next_at: now,
            about: integration,
            notification: encode({
              _tag: "Notice",
              severity: "critical",
              headline: `The integration ${about.name} is broken`,
              lines: [because, `Its id is ${integration}. What it is owed waits, or goes to its fallback.`]
            }),
            created_at: now,
            updated_at: now
          })}`
          yield* sql`INSERT INTO transitions ${sql.insert({ delivery_id: id, status: "pending", cause, at: now })}`
          yield* sql.afterCommit(signals.send([operators], "work"))
        })
      })
    })
  )
}

const encode = Schema.encodeSync(Schema.fromJsonString(Schema.toCodecJson(Notification)))
