import { assert, describe, it } from "@effect/vitest"
import { Because, Message, type Notification } from "@tocsin/core"
import { generated, samples } from "@tocsin/core/testing"
import { show } from "@tocsin/plugin-slack/testing"
import { Effect } from "effect"
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
  it("leaves a link whose host is an IPv6 address as it is, in the plain form, too", () => {
    const link = new URL("https://[2001:100:db8::1]/a?b=c")
    const { text } = plain(Message.fromNotification(raisedOf({ ...samples.raised, links: { started: link } })))
    assert.include(text, `\n<${link.href}|https://[2001∶100∶db8::1]/a?b=c>\n`)
  })

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

const forms = { rich, plain }

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
    "mentions at its start only whom the settings name, and nobody unless something is raised",
    [generated.notification],
    ([notification]) =>
      Effect.sync(() => {
        const message = Message.fromNotification(notification)
        for (const form of [rich, plain]) {
          const { text, ...rest } = form(message, mentions)
          const mentioned = written.filter((mention) => text.includes(mention))
          assert.lengthOf(mentioned, message.state === "raised" ? 1 : 0)
          assert.isTrue(text.startsWith(mentioned[0] ?? ""))
          for (const mention of written) assert.notInclude(JSON.stringify(rest), mention)
        }
      }),
    { arbitrary: { size: 20 } }
  )

  it.effect.prop(
    "counts the lines that it does not show",
    [generated.notification],
    ([notification]) =>
      Effect.sync(() => {
        const message = Message.fromNotification(notification)
        assert.strictEqual(shownLines(rich(message)), message.lines.length + message.omitted)
      }),
    { arbitrary: { size: 20 } }
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
