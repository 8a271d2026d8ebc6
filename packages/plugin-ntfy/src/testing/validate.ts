import { Option, Schema } from "effect"
import { max } from "../message.ts"

/**
 * Checks a message against ntfy's documentation and the rules for alerts: no address in foreign text is a link. Returns
 * one sentence for each problem.
 *
 * @see https://docs.ntfy.sh/publish/#limitations
 */
export const validate = (payload: unknown): ReadonlyArray<string> =>
  Option.match(decode(payload), {
    onNone: () => ["Not a message of ntfy"],
    onSome: ({ actions = [], message, tags = [], title = "" }) => [
      ...(Buffer.byteLength(JSON.stringify(payload)) > max.request ? ["JSON body too large"] : []),
      ...(Buffer.byteLength(message) > max.message ? [`message: ${Buffer.byteLength(message)} of 4,096 bytes`] : []),
      ...(message.trim() === "" ? ["An empty message is shown as triggered"] : []),
      ...(Buffer.byteLength(title) > max.title ? [`title: ${Buffer.byteLength(title)} of 1,024 bytes`] : []),
      ...(Buffer.byteLength(tags.join(",")) > 512 ? ["tags: more than 512 bytes"] : []),
      ...(actions.length > 3 ? [`${actions.length} of 3 actions`] : []),
      ...[message, title].flatMap((text) => [
        ...(text.isWellFormed() ? [] : ["Half a surrogate pair"]),
        ...(text.includes("//") ? ["An address in foreign text opens"] : [])
      ])
    ]
  })

const Address = Schema.String.check(Schema.isPattern(/^https?:/))

const decode = Schema.decodeUnknownOption(
  Schema.Struct({
    topic: Schema.String.check(Schema.isPattern(/^[-_A-Za-z0-9]{1,64}$/)),
    message: Schema.String,
    title: Schema.optionalKey(Schema.NonEmptyString),
    priority: Schema.Literals([1, 2, 3, 4, 5]),
    tags: Schema.optionalKey(Schema.Array(Schema.String)),
    click: Schema.optionalKey(Address),
    actions: Schema.optionalKey(
      Schema.Array(Schema.Struct({ action: Schema.Literal("view"), label: Schema.NonEmptyString, url: Address }))
    )
  })
)
