import { Message, type Notification, type Preview } from "@tocsin/core"
import { catches } from "./catches.ts"
import { blocks, bodyOf, checks, type Spoils, text } from "./hook.ts"

const previewing = (preview: (notification: Notification) => Preview.Preview): Spoils => ({
  declared: { preview: (_, notification) => preview(notification) }
})

catches<Spoils>("previews", checks, [
  [
    "previews nothing",
    "previews every kind of notification from settings without secrets",
    previewing(() => ({ blocks: [] })),
    /^previews what it sends/
  ],
  [
    "leaves a text out of its preview",
    "previews what it sends for a Cleared",
    previewing((notification) => ({ blocks: blocks(Message.fromNotification(notification).headline) })),
    /^previews what it sends/
  ],
  [
    "previews a link that is not sent",
    "previews what it sends for a Raised",
    previewing((notification) => ({
      blocks: [
        ...blocks(text(notification)),
        { _tag: "Footer", spans: [{ _tag: "Link", text: "More", link: new URL("https://more.example.com/") }] }
      ]
    })),
    /^previews what it sends/
  ],
  [
    "previews a text as a mention",
    "previews what it sends for a Raised",
    previewing((notification) => ({
      blocks: [{ _tag: "Text", spans: [{ _tag: "Mention", text: text(notification) }] }]
    })),
    /^previews what it sends/
  ],
  [
    "previews facts in another order",
    "previews what it sends for a Notice",
    previewing((notification) => ({ blocks: text(notification).split("\n").toReversed().flatMap(blocks) })),
    /^previews what it sends/
  ],
  [
    "previews a colour that is not sent",
    "previews what it sends for a Test",
    previewing((notification) => ({ accent: "#C62828", blocks: blocks(text(notification)) })),
    /^previews what it sends/
  ],
  [
    "previews a colour that is none",
    "previews what it sends for a Digest",
    {
      ...previewing((notification) => ({ accent: "red", blocks: blocks(text(notification)) })),
      options: { read: (request) => ({ accent: "red", blocks: blocks(bodyOf(request)) }) }
    },
    /^previews what it sends/
  ],
  [
    "previews what nobody reads",
    "previews what it sends for any notification",
    { unread: true },
    /^previews what it sends/
  ]
])
