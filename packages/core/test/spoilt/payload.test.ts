import { Message } from "@tocsin/core"
import { HttpClientRequest } from "effect/http"
import { catches, findsNothing } from "./catches.ts"
import { checks, post, type Spoils } from "./hook.ts"

/** What is wrong with what is sent shows in whatever is sent, and in no preview. */
const alike = /^(sends what the service accepts|continues|returns a receipt|previews)/

// The engine never gives it a notification of these kinds.
findsNothing(
  "that skips kinds of notification, and throws at them",
  checks({
    declared: { capabilities: { skips: ["Escalated", "RaisedAndCleared"] } },
    http: {
      request: (settings, of) => {
        if (of._tag === "Escalated" || of._tag === "RaisedAndCleared") throw new Error("no message")
        return post(settings, of)
      }
    }
  }).filter(({ name }) => /^(sends what|continues|previews)/.test(name))
)

catches<Spoils>("payloads", checks, [
  [
    "posts twice",
    "sends what the service accepts for a Raised",
    { http: { request: (settings, of) => [post(settings, of), post(settings, of)] } },
    new RegExp(`${alike.source}|^treats a truncated 2xx`)
  ],
  [
    "throws on a kind that it does not know",
    "sends what the service accepts for a Notice",
    {
      http: {
        request: (settings, of) => {
          if (!("alert" in of)) throw new Error("no alert")
          return post(settings, of)
        }
      }
    },
    alike
  ],
  [
    "does not cut long names",
    "sends what the service accepts for names at their limits",
    {
      http: {
        request: (settings, of) =>
          HttpClientRequest.bodyText(post(settings, of), Message.fromNotification(of).headline.padEnd(1))
      }
    },
    alike
  ],
  [
    "lists all observations",
    "sends what the service accepts for 5,000 observations",
    { http: { request: (settings, of) => HttpClientRequest.bodyText(post(settings, of), JSON.stringify(of)) } },
    alike
  ],
  [
    "needs a receipt to go on",
    "continues from its own receipt, and without one",
    {
      http: {
        request: (settings, of, { conversation }) =>
          HttpClientRequest.setHeader(
            post(settings, of),
            "x-after",
            String(conversation === undefined ? "" : JSON.stringify(conversation.messages[0]?.receipt.data).length)
          )
      }
    }
  ],
  [
    "posts anew each time that it updates",
    "continues from its own receipt, and without one",
    {
      http: {
        request: (settings, of, { conversation }) =>
          conversation?.messages[0] === undefined ? post(settings, of) : [post(settings, of), post(settings, of)]
      }
    }
  ],
  [
    "declares threads, and posts the list of a digest's alerts outside of its thread",
    "lists the alerts of a digest in a reply to it",
    { declared: { capabilities: { thread: true } }, http: { answer: () => ({ data: { id: 1 } }) } },
    /.*/
  ],
  [
    "sends more plain text than it declares",
    "keeps its plain form within the size that it declares",
    { declared: { sizes: { text: 900 } } }
  ],
  [
    "gives a page back in its receipt",
    "returns a receipt of at most 4 KiB",
    { http: { answer: ({ status }) => (status < 300 ? { data: "x".repeat(4095) } : undefined) } }
  ]
])
