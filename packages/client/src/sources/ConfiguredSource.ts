/**
 * A configured source as it is entered and as it is shown.
 */
import { InboundLimits, Severity } from "@tocsin/core"
import { Schema } from "effect"
import { ignored } from "../ignored.ts"

/** The name of a configured source. */
export const SourceName = Schema.String.check(
  Schema.isPattern(/^[a-z0-9-]{1,64}$/u, { expected: "1 to 64 of the characters a-z 0-9 -" })
)

const secret = (minimum: number, pattern: RegExp, expected: string) =>
  Schema.String.check(
    Schema.isMinLength(minimum, { expected }),
    Schema.isMaxLength(512, { expected }),
    Schema.isPattern(pattern, { expected })
  )

const Token = secret(16, /^[!-~]+$/u, "16 to 512 characters of ASCII without spaces")
const UrlToken = secret(16, /^[A-Za-z0-9_-]+$/u, "16 to 512 of the characters A-Z a-z 0-9 _ -")
const Password = secret(16, /^[ -~]+$/u, "16 to 512 characters of ASCII")
const User = Schema.String.check(
  Schema.isPattern(/^[!-9;-~]{1,128}$/u, { expected: "1 to 128 characters of ASCII without : and spaces" })
)
/** Not `Authorization`: a request with it is checked by that. */
const HeaderName = Schema.String.check(
  Schema.isPattern(/^(?!authorization$)[A-Za-z][A-Za-z0-9-]{0,63}$/iu, {
    expected: "the name of a header other than Authorization"
  })
)
const LabelText = Schema.NonEmptyString.check(
  Schema.isMaxLength(InboundLimits.maxLabelLength, {
    expected: `a text of at most ${InboundLimits.maxLabelLength} characters`
  })
)

const Seconds = (minimum: number, maximum: number) =>
  Schema.Int.check(
    Schema.isBetween({ minimum, maximum }, { expected: `a whole number of seconds from ${minimum} to ${maximum}` })
  )

const month = 2_592_000

const common = {
  type: Schema.String.annotateKey({
    description: "Its format: a built-in type such as alertmanager, or one of TOCSIN_PLUGINS."
  }),
  defaults: Schema.optionalKey(
    Schema.Struct({
      severity: Schema.optionalKey(Severity).annotateKey({ description: "Instead of major." }),
      labels: Schema.optionalKey(
        Schema.Record(LabelText, LabelText).check(
          Schema.isMaxProperties(InboundLimits.maxLabels, {
            expected: `an object of at most ${InboundLimits.maxLabels} labels`
          })
        )
      ).annotateKey({ description: "Labels of every alert; one that the alert states itself wins." }),
      timezone: Schema.optionalKey(Schema.String.check(Schema.isMaxLength(64))).annotateKey({
        description: "The zone of times that state none, such as Europe/Berlin or +01:00. UTC if absent."
      })
    })
  ).annotateKey({ description: "What alerts get that state none of their own." }),
  expireAfter: Schema.optionalKey(Seconds(60, month)).annotateKey({
    description:
      "In seconds: an alert that the source has not repeated for this long is cleared as expired. Instead of the time that the source states itself, as Prometheus does."
  }),
  expectEvery: Schema.optionalKey(Seconds(60, month)).annotateKey({
    description:
      "In seconds: when nothing came for this long, an alert of the source tocsin is raised, and cleared when something comes."
  }),
  rateLimit: Schema.optionalKey(
    Schema.Struct({
      messages: Schema.Int.check(
        Schema.isBetween({ minimum: 1, maximum: 1_000_000 }, { expected: "a whole number from 1 to 1000000" })
      ),
      perSeconds: Seconds(1, 86_400)
    })
  ).annotateKey({
    description: "How many requests each gateway accepts from it in how many seconds; above it, 503 with Retry-After."
  }),
  mapping: Schema.optionalKey(Schema.Json).annotateKey({
    description: "Of the type json: where the fields of an alert are in its bodies."
  }),
  settings: Schema.optionalKey(Schema.Json).annotateKey({
    description: "The settings of any other type that has some."
  })
}

/** A source as it is entered. Credentials that are left out stay as they are; null removes them. */
export const SourcePayload = Schema.Struct({
  name: Schema.optionalKey(SourceName).annotateKey({ description: "As in the path, or absent." }),
  ...common,
  token: Schema.optionalKey(Schema.NullOr(Token)).annotateKey({
    description:
      "What the source sends as Authorization: Bearer, as the password of Basic, or as PagerDuty's routing_key.",
    writeOnly: true
  }),
  basic: Schema.optionalKey(
    Schema.NullOr(
      Schema.Struct({ user: User, password: Schema.optionalKey(Password).annotateKey({ writeOnly: true }) })
    )
  ).annotateKey({ description: "What the source sends as Basic authentication." }),
  hmac: Schema.optionalKey(
    Schema.NullOr(
      Schema.Struct({
        secret: Schema.optionalKey(secret(8, /^[ -~]+$/u, "8 to 512 characters of ASCII")).annotateKey({
          writeOnly: true
        }),
        header: Schema.optionalKey(HeaderName).annotateKey({
          description: "The header with the signature: X-Grafana-Alerting-Signature if absent."
        }),
        timestampHeader: Schema.optionalKey(HeaderName).annotateKey({
          description:
            "The header with the time in Unix seconds, which the signature then covers. Requests older than 5 minutes are refused."
        })
      })
    )
  ).annotateKey({
    description: "The source signs its bodies with HMAC-SHA256, in hexadecimal digits, as Grafana does."
  }),
  urlToken: Schema.optionalKey(Schema.NullOr(UrlToken)).annotateKey({
    description: "For a source that can set no header: it posts to /v1/sources/NAME/in/URLTOKEN.",
    writeOnly: true
  }),
  address: ignored,
  secretsSet: ignored,
  createdAt: ignored,
  updatedAt: ignored
}).annotate({ identifier: "SourcePayload" })

/** A configured source, without its secrets. */
export const ConfiguredSource = Schema.Struct({
  name: SourceName,
  ...common,
  basic: Schema.optionalKey(Schema.Struct({ user: Schema.String })),
  hmac: Schema.optionalKey(
    Schema.Struct({ header: Schema.String, timestampHeader: Schema.optionalKey(Schema.String) })
  ),
  address: Schema.String.annotateKey({ description: "The path to which it posts." }),
  secretsSet: Schema.Array(Schema.String).annotateKey({
    description: "JSON Pointers: the secrets that are set. Their values are never shown."
  }),
  createdAt: Schema.DateTimeUtc,
  updatedAt: Schema.DateTimeUtc
}).annotate({ identifier: "ConfiguredSource" })
