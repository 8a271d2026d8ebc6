import { assert, describe, it } from "@effect/vitest"
import { Because, Message, Notification } from "@tocsin/core"
import { samples } from "@tocsin/core/testing"
import { show, validate } from "@tocsin/plugin-slack/testing"
import { Arbitrary, Effect, Schema } from "effect"
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { type Payload, plain, rich } from "../src/message.ts"
import type { Mentions } from "../src/parts.ts"

const mentions: Mentions = { critical: "channel", major: "S012AB3CD", minor: "W012AB3CD", info: "here" }
const written = ["<!channel>", "<!subteam^S012AB3CD>", "<@W012AB3CD>", "<!here>"]

const { notifications } = samples

const raisedOf = (alert: typeof samples.raised): Notification => ({ _tag: "Raised", alert })

const golden: { readonly [name: string]: () => Payload | { readonly [key: string]: Payload } } = {
  raised: () => rich(Message.fromNotification(notifications.Raised)),
  "raised-with-mention": () => rich(Message.fromNotification(notifications.Raised), mentions),
  cleared: () => rich(Message.fromNotification(notifications.Cleared), mentions),
  "cleared-because": () =>
    Object.fromEntries(
      Because.literals.map((because) => [
        because,
        rich(Message.fromNotification({ ...notifications.Cleared, because }), mentions)
      ])
    ),
  agent: () => rich(Message.fromNotification(raisedOf(samples.agent)), mentions),
  crowded: () => rich(Message.fromNotification(raisedOf(samples.crowded))),
  hostile: () => rich(Message.fromNotification(raisedOf(samples.hostile))),
  "raised-and-cleared": () => rich(Message.fromNotification(notifications.RaisedAndCleared), mentions),
  "test-raised": () => rich(Message.fromNotification(notifications.Test)),
  "test-cleared": () => rich(Message.fromNotification({ _tag: "Test", of: "Cleared", alert: samples.cleared })),
  escalated: () => rich(Message.fromNotification(notifications.Escalated), mentions),
  digest: () => rich(Message.fromNotification(notifications.Digest)),
  notice: () => rich(Message.fromNotification(notifications.Notice)),
  plain: () =>
    Object.fromEntries(
      Object.values(notifications).map((notification) => [
        notification._tag,
        plain(Message.fromNotification(notification))
      ])
    ),
  "plain-hostile": () => plain(Message.fromNotification(raisedOf(samples.hostile))),
  "plain-crowded": () => plain(Message.fromNotification(raisedOf(samples.crowded)))
}

describe("message", () => {
  it.each(Object.keys(golden))("is as in golden/%s.json", (name) => {
    const payload = golden[name]?.()
    const file = new URL(`golden/${name}.json`, import.meta.url)
    // oxlint-disable-next-line turbo/no-undeclared-env-vars
    if (process.env["UPDATE_GOLDEN"] !== undefined) {
      writeFileSync(file, `${JSON.stringify(payload, null, 2)}\n`)
      if (process.env["UPDATE_GOLDEN"] === "show") {
        for (const one of payload !== undefined && "text" in payload ? [payload] : Object.values(payload ?? {})) {
          console.log(`${name}\n${show(one)}\n`)
        }
      }
    }
    assert.isTrue(existsSync(file), "run once with UPDATE_GOLDEN=1")
    assert.deepStrictEqual(JSON.parse(readFileSync(file, "utf8")), payload)
  })
})

/** What has made trouble somewhere, and what Slack reads as markup. */
const alphabet = [
  ...Array.from("&<>*_~`|\n\r\t@#:\"'\\ ax9漢＊＞"),
  "<!channel>",
  "<!here|x>",
  "<@U012AB3CD>",
  "<!subteam^S012AB3CD>",
  "<https://evil.example|ok>",
  "<!date^0^{date}|x>",
  "&amp;",
  "&lt;!channel&gt;",
  "```",
  "\n> ",
  "\u0000",
  "\u001b[31m",
  "\u202e",
  "\u2028",
  "\u00ad",
  "\ud83d",
  "\udc69",
  "👩‍👩‍👧‍👦",
  "e\u0301\u0323\u0310",
  "&".repeat(500),
  "x".repeat(4100),
  "👩‍👩‍👧‍👦".repeat(200)
]

/** Any notification, its texts replaced by hostile ones. */
const hostile = Arbitrary.all([
  Arbitrary.schema(Notification),
  Arbitrary.array(Arbitrary.schema(Schema.Array(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 47 })))), {
    minLength: 1,
    maxLength: 20
  })
]).pipe(
  Arbitrary.map(([notification, picks]) => {
    let next = 0
    const text = () => (picks[next++ % picks.length] ?? []).map((n) => alphabet[n % alphabet.length]).join("") || "&"
    const replace = (value: unknown, key?: string): unknown => {
      if (Array.isArray(value)) return value.map((one) => replace(one, key))
      if (typeof value === "object" && value !== null) {
        return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, replace(one, key)]))
      }
      return typeof value === "string" && texts.has(key ?? "") ? text() : value
    }
    return decode(replace(encode(notification)))
  })
)

const texts = new Set(
  "name expression summary atStart atEnd sourceId headline rule text lines targets zone stated source".split(" ")
)
const codec = Schema.toCodecJson(Notification)
const encode = Schema.encodeSync(codec)
const decode = Schema.decodeUnknownSync(codec)

const forms = { rich, plain }

const assertGood = (notification: Notification) => {
  const message = Message.fromNotification(notification)
  for (const form of [rich, plain]) {
    assert.deepStrictEqual(validate(form(message)), [])
    const payload = form(message, mentions)
    assert.deepStrictEqual(validate(payload, { mentions: written }), [])
    const mentioned = written.filter((mention) => JSON.stringify(payload).includes(mention))
    assert.lengthOf(mentioned, message.state === "raised" ? 1 : 0)
    const { text, ...rest } = payload
    if (message.state === "raised") assert.isTrue(text.startsWith(`${mentioned[0]} `))
    for (const mention of written) assert.notInclude(JSON.stringify(rest), mention)
    for (const one of strings(payload)) assertWhole(one)
  }
  assert.strictEqual(shownLines(rich(message)), message.lines.length + message.omitted)
}

const strings = (value: unknown): ReadonlyArray<string> =>
  typeof value === "string"
    ? [value]
    : typeof value === "object" && value !== null
      ? Object.values(value).flatMap(strings)
      : []

/** No entity and no surrogate pair was cut. */
const assertWhole = (text: string) => {
  assert.notMatch(text, /&(?!(amp|lt|gt);)/)
  assert.isTrue(text.isWellFormed())
}

/** How many lines a rich message speaks of: those that it shows and those that it counts. */
const shownLines = ({ attachments }: Payload): number =>
  (attachments ?? [])
    .flatMap(({ blocks }) => blocks)
    .flatMap((block) => ("text" in block ? block.text.text.split("\n") : []))
    .reduce((sum, line) => {
      if (line.startsWith("• ")) return sum + 1
      const more = /^and ([\d,]+) more$/.exec(line)?.[1]
      return more === undefined ? sum : sum + Number(more.replaceAll(",", ""))
    }, 0)

describe("message, for any notification", () => {
  it.effect.prop(
    "is one that Slack takes",
    [Notification],
    ([notification]) => Effect.sync(() => assertGood(notification)),
    { arbitrary: { runs: 300, size: 20 }, timeout: 60_000 }
  )

  it.effect.prop(
    "is one that Slack takes, whatever is written in it",
    [hostile],
    ([notification]) => Effect.sync(() => assertGood(notification)),
    { arbitrary: { runs: 300, size: 20 }, timeout: 60_000 }
  )
})

describe("message, of 2,000 agents", () => {
  it.each(Object.keys(forms))("counts those that are not shown (%s)", (form) => {
    const message = Message.fromNotification(raisedOf(samples.crowded))
    const text = show(form === "rich" ? rich(message) : plain(message))
    const listed = text.split("\n").filter((line) => /^(┃ • |- )Agent/.test(line)).length
    const more = Number(/and ([\d,]+) more/.exec(text)?.[1]?.replaceAll(",", ""))
    assert.isAbove(listed, 10)
    assert.strictEqual(listed + more, 2500)
  })
})
