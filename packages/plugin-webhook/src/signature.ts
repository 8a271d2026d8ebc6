/**
 * The headers of a Standard Webhook.
 *
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
import { Redacted, Schema } from "effect"
import { createHmac } from "node:crypto"

/**
 * A secret as Standard Webhooks writes it: `whsec_` and 24 to 64 random bytes in base64.
 *
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md#symmetric
 */
export const Secret = Schema.Redacted(
  Schema.String.check(
    Schema.makeFilter((secret) => /^whsec_(?=(?:.{4})+$)[A-Za-z0-9+/]{32,86}={0,2}$/.test(secret), {
      expected: "whsec_ followed by 24 to 64 random bytes in base64"
    })
  )
)

const keyOf = (secret: string): Buffer => Buffer.from(secret.slice("whsec_".length), "base64")

/**
 * The headers that name a message (`id`, the same for every attempt) and the time of the attempt in epoch milliseconds, signed
 * with each secret: during a rotation, receivers may know the old or the new one. Without secrets nothing is signed.
 */
export const headers = (
  secrets: ReadonlyArray<Redacted.Redacted<string>>,
  { body, id, now }: { readonly body: string; readonly id: string; readonly now: number }
): { readonly [name: string]: string } => {
  const timestamp = String(Math.floor(now / 1000))
  const signatures = secrets.map((secret) => {
    const hmac = createHmac("sha256", keyOf(Redacted.value(secret))).update(`${id}.${timestamp}.${body}`)
    return `v1,${hmac.digest("base64")}`
  })
  return {
    "webhook-id": id,
    "webhook-timestamp": timestamp,
    ...(signatures.length > 0 && { "webhook-signature": signatures.join(" ") })
  }
}
