import type { InvalidRequest } from "@tocsin/client"
import { InboundLimits, Observation, PostedAlert } from "@tocsin/core"
import { fromIssue, invalid, plainDecoder } from "@tocsin/delivery"
import { Effect, Schema } from "effect"
import type { Json } from "./parseJson.ts"
import { toInvalidRequest } from "./toInvalidRequest.ts"
import { yielding } from "./yielding.ts"

const { test, ...fields } = PostedAlert.fields

/** A posted alert; decoding its long arrays yields to other requests. */
const Posted = Schema.Struct({
  ...fields,
  test: Schema.optionalKey(
    Schema.Struct({
      ...test.schema.fields,
      targets: Schema.optionalKey(Schema.Array(yielding(Schema.NonEmptyString, 1)))
    })
  ),
  observations: Schema.optionalKey(Schema.Array(yielding(Observation, 5)))
})

const decoder = <S extends Schema.Codec<any, any>>(schema: S) => {
  const decode = Schema.decodeUnknownEffect(Schema.toCodecJson(schema), { errors: "all", onExcessProperty: "error" })
  return (body: unknown) => Effect.mapError(decode(body), ({ issue }) => toInvalidRequest(fromIssue(issue)))
}
const decodeOne = decoder(Posted)
const decodeMany = decoder(Schema.Array(yielding(Posted, 20)))

const plainOne = plainDecoder(PostedAlert)
const plainMany = plainDecoder(Schema.Array(PostedAlert))

/**
 * Decodes the body of `POST /v1/alerts`: an alert, or an array of alerts. An unknown field is an error. A short body is
 * decoded at once if it is plainly valid.
 */
export const decodeAlerts = ({
  isShort = false,
  value
}: Pick<Json, "value" | "isShort">): Effect.Effect<ReadonlyArray<PostedAlert>, InvalidRequest> => {
  if (!Array.isArray(value)) {
    const plain = isShort ? plainOne(value) : undefined
    return plain === undefined ? Effect.map(decodeOne(value), (alert) => [alert]) : Effect.succeed([plain])
  }
  if (value.length > InboundLimits.maxAlerts) {
    return toInvalidRequest(invalid("", `at most ${InboundLimits.maxAlerts} alerts`))
  }
  const plain = isShort ? plainMany(value) : undefined
  return plain === undefined ? decodeMany(value) : Effect.succeed(plain)
}
