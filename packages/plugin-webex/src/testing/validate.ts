import { utf8Units } from "@tocsin/core"
import { Option, Schema } from "effect"
import { maxText } from "../message.ts"

/**
 * Checks the body of a request against Webex' documentation, and against the rules for alerts: foreign text formats,
 * mentions and links nothing. Returns one sentence for each problem.
 *
 * @see https://developer.webex.com/docs/api/v1/messages/create-a-message
 */
export const validate = (body: unknown): ReadonlyArray<string> =>
  Option.match(decode(body), {
    onNone: () => ["roomId, and text or markdown, are required"],
    onSome: (message) => {
      const text = "text" in message ? message.text : message.markdown
      const bytes = utf8Units(text).length
      const rest = "text" in message ? "" : text.replace(own, "").replace(/\\[\\`*_[\]~|#]/g, "")
      const [bare] = /[\\`*_[\]~|#<>]|&(?!(?:amp|lt|gt);)|^\d+[.)]|^[+=]/m.exec(rest) ?? []
      return [
        ...(bytes > maxText ? [`Message length limited to ${maxText} bytes: ${bytes}`] : []),
        ...(text.trim() === "" ? ["The text is blank"] : []),
        ...(bare === undefined ? [] : [`A bare ${bare} in ${rest.slice(0, 200)}`]),
        ...("text" in message || !/:\/\/|@(?!\u200B)/.test(rest)
          ? []
          : [`A link or a mention in ${rest.slice(0, 200)}`]),
        ...(text.isWellFormed() ? [] : ["Half a surrogate pair"])
      ]
    }
  })

/** The Markdown of the message itself: bold, italics, the destinations of links. */
const own = /^\*\*|\*\*$|^\*(?!\*)|(?<![\\*])\*$|(?<!\\)\[|(?<!\\)\]\(https?:[^()\s]*\)/gm

const decode = Schema.decodeUnknownOption(
  Schema.Union([
    Schema.Struct({ roomId: Schema.NonEmptyString, markdown: Schema.NonEmptyString }),
    Schema.Struct({ roomId: Schema.NonEmptyString, text: Schema.NonEmptyString })
  ])
)
