import { spansText } from "@tocsin/core/fakes"
import { Option, Schema } from "effect"
import { maxText } from "../text.ts"
import { see } from "../see.ts"

/**
 * Checks a body against the Bot API's documentation, in Telegram's words, and against the rules for alerts: foreign
 * text mentions nobody and opens nothing. Returns no problem for a valid body.
 *
 * @see https://core.telegram.org/bots/api#sendmessage
 */
export const validate = (body: unknown): ReadonlyArray<string> =>
  Option.match(decode(body), {
    onNone: () => ["Bad Request: message text is empty"],
    onSome: (message) => {
      const { link_preview_options, parse_mode, text } = message
      const [block] = see(message).blocks
      const spans = block?._tag === "Text" ? block.spans : []
      const shown = spans.map((span) => (span._tag === "Link" ? span.text : spansText([span]))).join("")
      const rest = text.replace(element, "").replace(entity, "")
      const own =
        parse_mode === undefined
          ? shown.replace(/^(.*?: )?https?:\S+$/gm, "")
          : spans
              .flatMap((span) => (span._tag === "Code" ? [] : [spansText([span]).replace(/ \(https?:.*\)$/s, "")]))
              .join("")
      return [
        ...(shown.trim() === "" ? ["Bad Request: message text is empty"] : []),
        ...(shown.length > maxText ? [`Bad Request: message is too long (${shown.length})`] : []),
        ...(text.isWellFormed() ? [] : ["Bad Request: strings must be encoded in UTF-8"]),
        ...(parse_mode === "HTML" && /[<>&]/.test(rest) ? ["Bad Request: can't parse entities"] : []),
        ...(spans.filter(({ _tag }) => _tag !== "Plain").length > 100 ? ["More than 100 entities"] : []),
        ...(/[@#](?=\w)|\/\/|(?<=^|\s)\/\w/.test(own) ? ["Foreign text mentions or opens something"] : []),
        ...(link_preview_options.is_disabled ? [] : ["A link would be previewed"])
      ]
    }
  })

const element = /<a href="https?:[^"<>]*">|<\/a>|<\/?(?:b|i|code)>/g
const entity = /&(?:lt|gt|amp|quot|#\d+);/g

const decode = Schema.decodeUnknownOption(
  Schema.Struct({
    chat_id: Schema.NonEmptyString,
    text: Schema.NonEmptyString,
    parse_mode: Schema.optionalKey(Schema.Literal("HTML")),
    link_preview_options: Schema.Struct({ is_disabled: Schema.Boolean })
  })
)
