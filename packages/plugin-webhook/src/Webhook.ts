/**
 * The plugin for webhooks: any server that accepts JSON.
 */
import { ChannelPlugin, HttpChannel, HttpClientRequest, Message, WebhookUrl } from "@tocsin/core"
import { Redacted, Schema } from "effect"
import { body, maxText } from "./body.ts"
import { headers, Secret } from "./signature.ts"

/** Headers that Tocsin or HTTP itself sets. */
const taken =
  /^(?:webhook-.*|content-(?:type|length|encoding)|host|connection|transfer-encoding|expect|te|trailer|upgrade)$/i

const HeaderValue = Schema.String.check(
  Schema.makeFilter((value) => /^[!-~](?:[ -~]*[!-~])?$/.test(value), { expected: "a header's value, in ASCII" })
)

const Headers = Schema.Record(Schema.String, Schema.Redacted(HeaderValue)).check(
  Schema.makeFilter(
    (headers) => Object.keys(headers).every((name) => /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name) && !taken.test(name)),
    { expected: "names of HTTP headers that Tocsin does not set itself" }
  )
)

/** Posts each notification to a URL as JSON, signed as Standard Webhooks describes. */
export class Webhook extends ChannelPlugin.Service<Webhook>()("webhook", {
  title: "Webhook",
  settings: Schema.Struct({
    url: WebhookUrl.annotateKey({
      title: "URL",
      description: "Where to post; whoever has it may be able to post, too"
    }),
    secret: Schema.optionalKey(Secret).annotateKey({
      title: "Secret",
      description: "What to sign with: whsec_ and 24 to 64 random bytes in base64. Nothing is signed without it"
    }),
    previousSecret: Schema.optionalKey(Secret).annotateKey({
      title: "Previous secret",
      description: "While the secret is rotated: the one before, with which everything is signed, too"
    }),
    headers: Schema.optionalKey(Headers).annotateKey({
      title: "Headers",
      description: 'Further headers, such as {"Authorization": "Bearer ..."}'
    })
  }),
  settingsVersion: 1,
  example: { url: "https://hooks.example.com/tocsin", secret: "whsec_XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX" },
  setup: [
    "Make a secret: echo whsec_$(openssl rand -base64 32).",
    "Let your server take a POST of JSON at an https URL, and check the signature with a Standard Webhooks library.",
    "Enter the URL and the secret."
  ],
  // Anyone may write the server, so no limit is known; Standard Webhooks relies on 429 and Retry-After.
  rateLimits: ({ url }) => [{ key: url, messages: 10, perSeconds: 1, burst: 10 }],
  sizes: { text: maxText },
  capabilities: {},
  preview: (_, notification) => {
    const text = Message.plainText(Message.fromNotification(notification), maxText)
    return { blocks: [{ _tag: "Text", spans: [{ _tag: "Plain", text }] }] }
  }
}) {
  static readonly layer = HttpChannel.layer(Webhook, {
    request: ({ headers: further = {}, previousSecret, secret, url }, notification, options) => {
      const text = JSON.stringify(body(notification, options))
      const secrets = [secret, previousSecret].filter((secret) => secret !== undefined)
      return HttpClientRequest.post(Redacted.value(url)).pipe(
        HttpClientRequest.setHeaders(options.traceparent === undefined ? {} : { traceparent: options.traceparent }),
        HttpClientRequest.setHeaders(
          Object.fromEntries(Object.entries(further).map(([name, value]) => [name, Redacted.value(value)]))
        ),
        HttpClientRequest.bodyText(text, "application/json"),
        HttpClientRequest.setHeaders(headers(secrets, { body: text, id: options.deliveryId, now: options.now }))
      )
    }
  })
}
