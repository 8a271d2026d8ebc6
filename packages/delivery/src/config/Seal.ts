/**
 * Seals settings at rest with AES-256-GCM and the operator's key.
 */
import { Context, Effect, Layer, Redacted, Schema } from "effect"
import { Aead, type CryptoError, Digest, SecureRandom } from "effect/crypto"
import { Base64, Hex } from "effect/encoding"

/** The settings cannot be opened: they were sealed with another key, or the row was changed. */
export class SealBroken extends Schema.TaggedError<SealBroken>()("SealBroken", { detail: Schema.String }) {}

/** Seals and opens texts. */
export class Seal extends Context.Service<
  Seal,
  {
    /** The id of the key that seals, derived from a hash; stored beside each sealed text. */
    readonly keyId: string
    /** The ids of all keys that open. */
    readonly keyIds: ReadonlyArray<string>
    /** Seals a text for the row with the id `row`; it opens for that row only. */
    readonly seal: (text: string, row: string) => Effect.Effect<string>
    /** Opens a text that the key with this id sealed. */
    readonly open: (sealed: string, row: string, keyId: string) => Effect.Effect<string, SealBroken>
  }
>()("@tocsin/delivery/Seal") {
  /**
   * Seals with the given key of 32 bytes, and opens with it or with the one before it; fails if one has another length.
   */
  static readonly layer = (
    key: Redacted.Redacted<Uint8Array>,
    previous?: Redacted.Redacted<Uint8Array>
  ): Layer.Layer<Seal, CryptoError.CryptoError> =>
    Layer.effect(
      Seal,
      Effect.gen(function* () {
        const aead = yield* Aead.Aead
        const random = yield* SecureRandom.SecureRandom
        const digest = yield* Digest.Digest
        const prepare = Effect.fnUntraced(function* (bytes: Redacted.Redacted<Uint8Array>) {
          const secret = yield* Aead.key(Aead.aes256Gcm, Redacted.value(bytes))
          return [Hex.encode((yield* digest.digest(Digest.sha256, Redacted.value(bytes))).slice(0, 8)), secret] as const
        })
        const [keyId, secret] = yield* prepare(key)
        const secrets = new Map([[keyId, secret]])
        if (previous !== undefined) secrets.set(...(yield* prepare(previous)))

        const seal = Effect.fnUntraced(function* (text: string, row: string) {
          const nonce = yield* random.randomBytes(Aead.aes256Gcm.nonceLength)
          const sealed = yield* Effect.orDie(
            aead.encrypt(secret, new TextEncoder().encode(text), { nonce, aad: new TextEncoder().encode(row) })
          )
          return `${Base64.encode(nonce)}.${Base64.encode(sealed)}`
        })

        const open = Effect.fnUntraced(
          function* (sealed: string, row: string, keyId: string) {
            const [nonce = "", text = ""] = sealed.split(".")
            const opened = yield* aead.decrypt(
              yield* Effect.fromNullishOr(secrets.get(keyId)),
              yield* Effect.fromResult(Base64.decode(text)),
              { nonce: yield* Effect.fromResult(Base64.decode(nonce)), aad: new TextEncoder().encode(row) }
            )
            return new TextDecoder().decode(opened)
          },
          Effect.mapError(() => new SealBroken({ detail: "The settings were sealed with another key, or changed" }))
        )

        return Seal.of({ keyId, keyIds: [...secrets.keys()], seal, open })
      })
    ).pipe(Layer.provide(Aead.layerWebCrypto), Layer.provide([SecureRandom.layerWebCrypto, Digest.layerWebCrypto]))
}
