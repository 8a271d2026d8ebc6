import { Message, type Notification, type Preview } from "@tocsin/core"
import { accents, color } from "./color.ts"
import { parts } from "./parts.ts"

/** A notification as clients with support for cards show it. */
export const preview = (notification: Notification): Preview.Preview => {
  const { attributes, description, link, title } = parts(notification)
  const blocks: ReadonlyArray<Preview.Block | undefined> = [
    {
      _tag: "Heading",
      spans: [link === undefined ? { _tag: "Plain", text: title } : { _tag: "Link", text: title, link }]
    },
    description.length === 0 ? undefined : { _tag: "Text", spans: description },
    attributes.length === 0
      ? undefined
      : { _tag: "Facts", facts: attributes.map(({ label, value }) => ({ label, spans: [value] })) }
  ]
  return {
    accent: accents[color(Message.fromNotification(notification))],
    blocks: blocks.filter((block) => block !== undefined)
  }
}
