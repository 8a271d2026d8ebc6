/**
 * A shortcut: draws the random bytes of ids by the thousand. Each draw by itself costs as much as the rest of an id.
 */
import { Effect, Layer } from "effect"
import { SecureRandom, WebCrypto } from "effect/crypto"

/** How many bytes are drawn at once. */
const drawn = 4096

/** The size of an id. Keys and tokens are longer, and are not kept in a pool. */
const ofId = 16

/** Secure random bytes and ids. */
export const layer: Layer.Layer<SecureRandom.SecureRandom> = Layer.effect(
  SecureRandom.SecureRandom,
  WebCrypto.WebCrypto.use((crypto) => {
    const draw = (size: number) => crypto.getRandomValues(new Uint8Array(size))
    let pool = new Uint8Array()
    return Effect.succeed(
      SecureRandom.make((size) => {
        if (size > ofId) return draw(size)
        if (pool.length < size) pool = draw(drawn)
        const bytes = pool.slice(0, size)
        pool = pool.subarray(size)
        return bytes
      })
    )
  })
)
