/**
 * A notification for Apprise: a title and a text, which it writes in the markup of each service.
 *
 * @see https://github.com/caronc/apprise-api#api-details
 */
import { type ChannelPlugin, cut, dividedLinks, type Message, oneLine, quietText } from "@tocsin/core"

/** The longest text. Apprise cuts or divides it for a service that takes less. */
export const maxText = 4000

/** The longest title; most services show less. */
const maxTitle = 250

/** What is posted, without the services. */
export interface Payload {
  readonly title?: string
  readonly body: string
  /** Which colour or icon a service shows. */
  readonly type: "info" | "success" | "warning" | "failure"
  readonly format: "text"
}

/** The message in the requested form; the plain one has no title. */
export const payload = (message: Message.Message, form: ChannelPlugin.Form): Payload => {
  const { severity, state } = message
  const type = state === "raised" ? types[severity] : state === "cleared" ? "success" : "info"
  if (form === "plain") return { body: text(message), type, format: "text" }
  const headline = oneLine(message.headline)
  const [, ...rest] = text({ ...message, headline }).split("\n")
  const title = quiet(cut(headline, maxTitle, { encode: (text) => doubled(quiet(text)) }))
  return { title, body: rest.join("\n") || title, type, format: "text" }
}

const types = { critical: "failure", major: "failure", minor: "warning", info: "info" } as const

const text = (message: Message.Message): string => quietText(message, maxText, { quiet, encode: doubled })

/** At least as long as the quiet text, wherever it is cut. */
const doubled = (text: string): string => text.replace(/[:w]/gi, "$&$&")

/**
 * Keeps the services from reading mentions and addresses in foreign text, by an invisible U+200B: Apprise escapes what
 * its services do not agree on.
 */
const quiet = (text: string): string => dividedLinks(text).replace(/[@<]/g, "$&\u200B")
