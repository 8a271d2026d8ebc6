import { Message } from "@tocsin/core"
import { DateTime, Option, Schema } from "effect"
import { colors } from "../message.ts"

/**
 * Writes a payload as a person sees it in Slack: links with their URLs in
 * parentheses, times in UTC, the attachment behind a bar that names its colour.
 */
export const show = (payload: unknown): string =>
  Option.match(decode(payload), {
    onNone: () => "(not a message)",
    onSome: ({ attachments, channel, mrkdwn, text }) =>
      [
        ...(channel === undefined ? [] : [`[${channel}]`]),
        mrkdwn === false ? unescape(text) : read(text),
        ...(attachments ?? []).flatMap(({ blocks, color }) => [
          `┃ [${names.get(color) ?? color}]`,
          ...blocks.flatMap(lines).map((line) => `┃ ${line}`)
        ])
      ].join("\n")
  })

const Text = Schema.Struct({ text: Schema.String })

const Block = Schema.Struct({
  type: Schema.String,
  text: Schema.optionalKey(Text),
  fields: Schema.optionalKey(Schema.Array(Text)),
  elements: Schema.optionalKey(Schema.Array(Text))
})

const decode = Schema.decodeUnknownOption(
  Schema.Struct({
    channel: Schema.optionalKey(Schema.String),
    text: Schema.String,
    mrkdwn: Schema.optionalKey(Schema.Boolean),
    attachments: Schema.optionalKey(Schema.Array(Schema.Struct({ color: Schema.String, blocks: Schema.Array(Block) })))
  })
)

const names = new Map<string, string>([
  [colors.critical, "red"],
  [colors.major, "orange"],
  [colors.minor, "yellow"],
  [colors.info, "blue"],
  [colors.cleared, "green"],
  [colors.notice, "grey"]
])

const lines = ({ elements, fields, text, type }: typeof Block.Type): ReadonlyArray<string> => {
  if (type === "divider") return ["─".repeat(40)]
  return [
    ...(text === undefined ? [] : read(text.text).split("\n")),
    ...(fields ?? []).map((field) => read(field.text).replace("\n", ": ")),
    ...(elements === undefined ? [] : [elements.map((element) => read(element.text)).join("  ")])
  ]
}

/** Reads mrkdwn: its marks are not shown, what they were put around is. */
const read = (text: string): string =>
  unescape(
    text
      .replace(/(^|[\s•])\*(?=\S)([^*\n]+)\*(?=$|[\s:])/gm, "$1$2")
      .replace(/<!date\^(\d+)\^[^|]*\|[^>]*>/g, (_, seconds) => utc(Number(seconds)))
      .replace(/<!subteam\^(\w+)>/g, "@$1")
      .replace(/<[!@](\w+)>/g, "@$1")
      .replace(/<(https?:[^|>]+)\|([^>]*)>/g, "$2 ($1)")
      .replaceAll("\u00AD", "")
  )

const utc = (seconds: number): string => Message.timeText(DateTime.makeUnsafe(seconds * 1000))

const unescape = (text: string): string => text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&")
