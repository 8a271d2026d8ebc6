/**
 * Bodies from sources that could not be read, kept for a person to inspect.
 */
import { cut, InboundLimits } from "@tocsin/core"
import { Clock, Context, Effect, Layer } from "effect"
import { SecureRandom } from "effect/crypto"
import { SqlClient } from "effect/sql"
import { Changes } from "../cluster/Changes.ts"
import { OperatorNotices } from "../planning/OperatorNotices.ts"
import { AuditLog } from "../records/access/AuditLog.ts"
import { countUnreadable } from "../metrics/engineMetrics.ts"
import { GroupCommit } from "../sql/GroupCommit.ts"
import type { StoreUnavailable } from "../sql/StoreUnavailable.ts"
import { storable } from "../domain/storableText.ts"
import { redactCredentials } from "../domain/redactCredentials.ts"
import { afterCommit } from "../sql/transactionEnd.ts"

/** A body that could not be read. */
export interface UnreadableBody {
  readonly id: string
  /** Its number in the store, in the order of arrival. */
  readonly sequence: number
  readonly source: string
  /** The position of the error, and the expected value. */
  readonly why: string
  readonly body: string
  /** Whether the whole body was kept, apart from credentials. Passed to `keep`: whether `body` is the whole body. */
  readonly isWhole: boolean
  /** The network address of the sender. */
  readonly from: string | undefined
  /** Epoch milliseconds. */
  readonly receivedAt: number
}

/** In characters: longer than any JSON Web Token that fits into a header. */
const longestCredential = 16_384

/**
 * Keeps the newest 1,000 unreadable bodies, 65,536 characters of each. Redacts everything that looks like a credential.
 */
export class UnreadableBodies extends Context.Service<
  UnreadableBodies,
  {
    readonly keep: (
      body: Pick<UnreadableBody, "source" | "why" | "body" | "isWhole" | "from">
    ) => Effect.Effect<void, StoreUnavailable>
    readonly get: (id: string) => Effect.Effect<UnreadableBody | undefined, StoreUnavailable>
    /** Removes a body, because it could be read later. */
    readonly remove: (id: string) => Effect.Effect<void, StoreUnavailable>
    readonly list: (options: {
      readonly before?: number | undefined
      readonly limit: number
    }) => Effect.Effect<
      { readonly items: ReadonlyArray<UnreadableBody>; readonly total: number; readonly next: number | undefined },
      StoreUnavailable
    >
  }
>()("@tocsin/delivery/UnreadableBodies") {
  static readonly layer: Layer.Layer<
    UnreadableBodies,
    never,
    GroupCommit | SqlClient.SqlClient | SecureRandom.SecureRandom | Changes | OperatorNotices | AuditLog
  > = Layer.effect(
    UnreadableBodies,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const groupCommit = yield* GroupCommit
      const random = yield* SecureRandom.SecureRandom
      const { allChanged, changed } = yield* Changes
      const notices = yield* OperatorNotices
      const audit = yield* AuditLog

      const keep = Effect.fnUntraced(function* ({
        body: sent,
        from,
        isWhole,
        source,
        why
      }: Pick<UnreadableBody, "source" | "why" | "body" | "isWhole" | "from">) {
        // The time to redact grows with the length, and most of a long body is not kept.
        const start = sent.slice(0, 2 * InboundLimits.maxUnreadableLength)
        const redacted = storable(redactCredentials(start))
        // A credential that was cut in two is not recognized.
        const whole = start === sent ? redacted : redacted.slice(0, -longestCredential)
        const body = cut(whole, InboundLimits.maxUnreadableLength)
        yield* sql`INSERT INTO unreadable ${sql.insert({
          id: yield* random.uuidV7(),
          source,
          why,
          body,
          is_whole: isWhole && start === sent && body === whole ? 1 : 0,
          from_address: from ?? null,
          received_at: yield* Clock.currentTimeMillis
        })}`
        yield* sql`DELETE FROM unreadable
            WHERE sequence <= (SELECT sequence FROM unreadable
              ORDER BY sequence DESC LIMIT 1 OFFSET ${InboundLimits.maxUnreadable})`
        yield* changed("source", [source])
        yield* notices.unreadable(source, why)
        yield* afterCommit(Effect.sync(() => countUnreadable(source)))
        yield* afterCommit(
          Effect.annotateLogs(
            Effect.logWarning(
              `A body from source ${source} is unreadable: ${why}. It is kept in the list of unreadable bodies.`
            ),
            { event: "unreadable-body", source }
          )
        )
      })

      const list = Effect.fnUntraced(function* ({
        before = Number.MAX_SAFE_INTEGER,
        limit
      }: {
        readonly before?: number | undefined
        readonly limit: number
      }) {
        const [counted] = yield* sql<{ total: number }>`SELECT count(*) AS total FROM unreadable`
        const rows = yield* sql<Row>`SELECT * FROM unreadable
            WHERE sequence < ${before} ORDER BY sequence DESC LIMIT ${limit + 1}`
        const page = rows.slice(0, limit)
        return {
          items: page.map(fromRow),
          total: counted?.total ?? 0,
          next: rows.length > limit ? page.at(-1)?.sequence : undefined
        }
      })

      return UnreadableBodies.of({
        keep: (body) => groupCommit.commit(keep(body), [`source:${body.source}`]),
        get: (id) =>
          groupCommit.read(
            Effect.map(sql<Row>`SELECT * FROM unreadable WHERE id = ${id}`, ([row]) => row && fromRow(row))
          ),
        remove: (id) =>
          Effect.flatMap(audit.recorder, (record) =>
            groupCommit.commit(
              Effect.all(
                [
                  sql`DELETE FROM unreadable WHERE id = ${id}`,
                  allChanged("source"),
                  record({ action: "replayed", kind: "unreadable", subject: id })
                ],
                { discard: true }
              )
            )
          ),
        list: (options) => groupCommit.read(list(options))
      })
    })
  )
}

interface Row {
  readonly sequence: number
  readonly id: string
  readonly source: string
  readonly why: string
  readonly body: string
  readonly is_whole: number
  readonly from_address: string | null
  readonly received_at: number
}

const fromRow = ({ body, from_address, id, is_whole, received_at, sequence, source, why }: Row): UnreadableBody => ({
  id,
  sequence,
  source,
  why,
  body,
  isWhole: is_whole === 1,
  from: from_address ?? undefined,
  receivedAt: received_at
})
