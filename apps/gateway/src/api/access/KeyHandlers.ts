import { Conflict, type Key as KeyJson } from "@tocsin/client"
import { ApiKeys, isValid, type StoredKey } from "@tocsin/delivery"
import { Clock, DateTime, Effect, Redacted } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { newKey, secretHashOf } from "./secretHash.ts"
import { GatewayApi } from "../GatewayApi.ts"
import { logEdit } from "../logEdit.ts"
import { boundedPage, pageOf } from "../pagination.ts"
import { notFound } from "../problems.ts"

/** How long the old key stays valid after a rotation, in seconds. */
const usualOverlap = 86_400

/** `/v1/keys` */
export const KeyHandlers = HttpApiBuilder.group(
  GatewayApi,
  "keys",
  Effect.fn(function* (handlers) {
    const apiKeys = yield* ApiKeys

    /** A new key with its secret, which is shown this once. */
    const withSecret = Effect.fnUntraced(function* (key: StoredKey, secret: Redacted.Redacted) {
      return { ...keyJson(key, yield* Clock.currentTimeMillis), secret: Redacted.value(secret) }
    })

    return handlers.handleAll({
      list: Effect.fnUntraced(function* ({ query }) {
        const found = pageOf(yield* apiKeys.list, query)
        const now = yield* Clock.currentTimeMillis
        return boundedPage(
          found,
          found.items.map((key) => keyJson(key, now))
        )
      }),
      create: Effect.fnUntraced(function* ({ payload: { expiresAfter, name, scopes } }) {
        const secret = newKey()
        const created = yield* apiKeys.create({
          name,
          scopes: [...new Set(scopes)],
          secretHash: secretHashOf("token", secret),
          expiresAfter: expiresAfter === undefined ? undefined : expiresAfter * 1000
        })
        yield* logEdit(`Key ${created.id}`, "created")
        return yield* withSecret(created, secret)
      }),
      rotate: Effect.fnUntraced(function* ({ params: { id }, payload }) {
        const secret = newKey()
        const created = yield* apiKeys
          .rotate(id, {
            secretHash: secretHashOf("token", secret),
            overlap: (payload?.overlap ?? usualOverlap) * 1000,
            expiresAfter: payload?.expiresAfter === undefined ? undefined : payload.expiresAfter * 1000
          })
          .pipe(
            Effect.catchTags({
              KeyEnded: () =>
                Effect.fail(new Conflict({ detail: "The key has ended, or was rotated already: create another one" }))
            })
          )
        if (created === undefined) return yield* noSuch()
        yield* logEdit(`Key ${id}`, `rotated to ${created.id}`)
        return yield* withSecret(created, secret)
      }),
      revoke: Effect.fnUntraced(function* ({ params: { id } }) {
        if (!(yield* apiKeys.revoke(id))) return yield* noSuch()
        yield* logEdit(`Key ${id}`, "revoked")
      })
    })
  })
)

const keyJson = (
  { createdAt, createdBy, expiresAt, id, lastUsedAt, name, replacedBy, revokedAt, scopes }: StoredKey,
  now: number
): typeof KeyJson.Type => ({
  id,
  name,
  scopes,
  state: revokedAt !== undefined ? "revoked" : isValid({ expiresAt, revokedAt }, now) ? "active" : "expired",
  createdAt: DateTime.makeUnsafe(createdAt),
  createdBy,
  ...(expiresAt !== undefined && { expiresAt: DateTime.makeUnsafe(expiresAt) }),
  ...(lastUsedAt !== undefined && { lastUsedAt: DateTime.makeUnsafe(lastUsedAt) }),
  ...(revokedAt !== undefined && { revokedAt: DateTime.makeUnsafe(revokedAt) }),
  ...(replacedBy !== undefined && { replacedBy })
})

const noSuch = () => notFound("key", "/v1/keys")
