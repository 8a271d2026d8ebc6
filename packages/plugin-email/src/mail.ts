/**
 * An e-mail: a text, and the same as HTML, for light and for dark backgrounds.
 */
import { type ChannelPlugin, cut, dividedLinks, Message, oneLine, Preview, quietText } from "@tocsin/core"
import { Effect, Option, Schema } from "effect"
import MailComposer from "nodemailer/lib/mail-composer"
import { html } from "./html.ts"

/** The longest text. Servers take megabytes; readers do not. */
export const maxText = 20_000

/** The longest subject; most programs show less. */
const maxSubject = 200

/** How much of each part is shown. */
const shown: Preview.Shown = {
  headline: 300,
  summary: 4000,
  label: 100,
  facts: 20,
  fact: 1000,
  lines: 50,
  line: 300,
  links: 5,
  link: 2000,
  notes: 5,
  note: 500
}

/** A message as programs for e-mail show it. */
export const preview = (message: Message.Message): Preview.Preview => Preview.fromMessage(message, shown)

/** Makes the e-mail in the requested form, and its id. */
export const compose = (
  message: Message.Message,
  {
    at,
    from,
    options: { conversation, deliveryId, form },
    to
  }: {
    /** When it is sent, in epoch milliseconds. */
    readonly at: number
    readonly from: string
    readonly to: ReadonlyArray<string>
    readonly options: ChannelPlugin.DeliverOptions
  }
): Effect.Effect<{ readonly message: Uint8Array; readonly messageId: string }> => {
  const messageId = idOf(deliveryId, from)
  const before = (conversation?.messages ?? []).flatMap(({ receipt }) => Option.toArray(decodeKept(receipt.data)))
  const [first] = before
  const subject = cut(oneLine(message.headline), maxSubject)
  const mail = new MailComposer({
    from,
    to: [...to],
    subject,
    messageId,
    date: new Date(at),
    // The conversation's own id keeps the thread together even if a receipt was lost. A digest's is that of its e-mail.
    ...(conversation && {
      references: [...new Set([idOf(conversation.id, from), ...before.map(({ messageId }) => messageId)])].join(" ")
    }),
    ...(first && { inReplyTo: first.messageId }),
    // https://www.rfc-editor.org/rfc/rfc3834#section-5: keeps out-of-office programs from replying.
    headers: { "Auto-Submitted": "auto-generated" },
    text: quietText(message, maxText, { quiet: dividedLinks, encode: (text) => text.replace(/[:w]/gi, "$&$&") }),
    ...(form === "rich" && { html: html(preview(message), subject) }),
    textEncoding: "quoted-printable",
    // The same e-mail at each attempt.
    baseBoundary: idOf(deliveryId, "x@tocsin").replace(/[^\w]/g, ""),
    disableFileAccess: true,
    disableUrlAccess: true
  })
  return Effect.map(
    Effect.promise(() => mail.compile().build()),
    (message) => ({ message, messageId })
  )
}

/** The id of a message. https://www.rfc-editor.org/rfc/rfc5322#section-3.6.4 */
const idOf = (id: string, from: string): string =>
  `<${encodeURIComponent(id).replace(/[()]/g, "_")}@${from.slice(from.lastIndexOf("@") + 1)}>`

const decodeKept = Schema.decodeUnknownOption(Schema.Struct({ messageId: Schema.NonEmptyString }))
