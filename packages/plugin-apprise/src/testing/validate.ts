import { Option, Schema } from "effect"

/**
 * Checks a body against the server's documentation, and against the rules for alerts: no text is blank, and no foreign
 * text mentions anyone. Returns one sentence for each problem.
 *
 * @see https://github.com/caronc/apprise-api/blob/master/swagger.yaml
 */
export const validate = (payload: unknown): ReadonlyArray<string> =>
  Option.match(decode(payload), {
    onNone: () => ["The payload lacks minimum requirements"],
    onSome: ({ body, title = "-" }) => [
      ...(body.trim() === "" || title.trim() === "" ? ["A blank text"] : []),
      ...(/@\w|<[@!]/.test((body + title).replace(/https?:\S+/g, "")) ? ["Foreign text mentions someone"] : []),
      ...((body + title).isWellFormed() ? [] : ["Half a surrogate pair"])
    ]
  })

const decode = Schema.decodeUnknownOption(
  Schema.Struct({
    urls: Schema.optionalKey(Schema.NonEmptyString),
    tag: Schema.optionalKey(Schema.NonEmptyString),
    title: Schema.optionalKey(Schema.NonEmptyString),
    body: Schema.NonEmptyString,
    type: Schema.Literals(["info", "success", "warning", "failure"]),
    format: Schema.Literal("text")
  })
)
