/**
 * A message of ntfy, as JSON.
 *
 * @see https://docs.ntfy.sh/publish/#publish-as-json
 */
import { type ChannelPlugin, cut, Message, oneLine, paragraph, type Severity, utf8Units } from "@tocsin/core"

/**
 * The longest message and title in bytes, and the longest request: the server reads twice the length of a message. A
 * longer message becomes an attachment, a longer request is refused.
 *
 * @see https://docs.ntfy.sh/publish/#limitations
 * @see https://github.com/binwiederhier/ntfy/blob/main/server/server.go
 */
export const max = { message: 4096, title: 1024, request: 8192 } as const

/**
 * The priority of a message, from 1, which is silent and hidden, to 5, which interrupts.
 *
 * @see https://docs.ntfy.sh/publish/#message-priority
 */
export type Priority = 1 | 2 | 3 | 4 | 5

/** A published message, without the topic. */
export interface Published {
  readonly message: string
  readonly priority: Priority
  readonly title?: string
  readonly tags?: ReadonlyArray<string>
  /** The URL that a tap on the notification opens. */
  readonly click?: string
  readonly actions?: ReadonlyArray<{ readonly action: "view"; readonly label: string; readonly url: string }>
}

/** The message in the requested form. Clears and notices have the default priority. */
export const published = (
  message: Message.Message,
  {
    form,
    priorities = {}
  }: { readonly form: ChannelPlugin.Form; readonly priorities?: { readonly [S in Severity]?: Priority } }
): Published => {
  const { link, moreLinks: _, secondLink: __, severity, state, ...words } = message
  const priority = state === "raised" ? (priorities[severity] ?? usual[severity]) : 3
  const click = link && link.href.length <= maxLink && { click: link.href }
  if (form === "plain") return { message: text({ ...words, severity, state }), priority, ...click }
  const headline = oneLine(message.headline)
  const [, ...rest] = text({ ...words, severity, state, headline }).split("\n")
  const actions = Message.namedLinks(message)
    .filter(({ link }) => link.href.length <= maxLink)
    .slice(0, maxActions)
    .map(({ label, link }) => ({ action: "view" as const, label: cut(oneLine(label), maxLabel), url: link.href }))
  return {
    title: quiet(cut(headline, shownTitle, { encode: units })),
    message: rest.join("\n").trim() || quiet(cut(headline, shownTitle, { encode: units })),
    priority,
    tags: [state === "raised" ? tags[severity] : tags[state]],
    ...click,
    ...(actions.length > 0 && { actions })
  }
}

const usual: { readonly [S in Severity]: Priority } = { critical: 5, major: 4, minor: 3, info: 2 }

/** The tags, which apps show as emoji: https://docs.ntfy.sh/emojis/ */
const tags = {
  critical: "rotating_light",
  major: "warning",
  minor: "small_orange_diamond",
  info: "information_source",
  cleared: "white_check_mark",
  notice: "gear"
}

/** How many bytes of a title are shown, which is more than a phone shows at once. */
const shownTitle = 250

/** https://docs.ntfy.sh/publish/#action-buttons */
const maxActions = 3

/** Together with the links, a request is below `max.request`. */
const maxLabel = 40
const maxLink = 750

const text = (message: Message.Message): string =>
  quiet(paragraph(Message.plainText(message, max.message, { encode: units })))

/** Keeps apps from turning addresses in foreign text into links, by an invisible U+200B. */
const quiet = (text: string): string => text.replaceAll("/", "/\u200B")

/** The bytes in JSON. */
const units = (text: string): string => utf8Units(JSON.stringify(quiet(text)).slice(1, -1))
