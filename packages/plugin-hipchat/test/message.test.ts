import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { type Alert, Because, Message, type Notification } from "@tocsin/core"
import { generated, samples } from "@tocsin/core/testing"
import { validate } from "@tocsin/plugin-hipchat/testing"
import { Effect } from "effect"
import { message } from "../src/message.ts"

const { agent, cleared, crowded, hostile, notifications } = samples

const forms = ["rich", "plain"] as const

/** Compares with a file, which is written instead when `UPDATE_GOLDEN` is set. */
const assertGolden = (name: string, body: unknown) => {
  const file = new URL(`golden/${name}.json`, import.meta.url)
  if (process.env["UPDATE_GOLDEN"]) writeFileSync(file, `${JSON.stringify(body, null, 2)}\n`)
  assert.isTrue(existsSync(file), `${name}.json is missing: run with UPDATE_GOLDEN=1`)
  assert.deepStrictEqual(JSON.parse(JSON.stringify(body)), JSON.parse(readFileSync(file, "utf8")))
}

const golden: Record<string, Notification> = {
  raised: notifications.Raised,
  cleared: notifications.Cleared,
  escalated: notifications.Escalated,
  "raised-and-cleared": notifications.RaisedAndCleared,
  agent: { _tag: "Raised", alert: agent },
  crowded: { _tag: "Raised", alert: crowded },
  "crowded-without-link": { _tag: "Raised", alert: { ...crowded, links: {} } },
  hostile: { _tag: "Raised", alert: hostile },
  minor: { _tag: "Raised", alert: { ...samples.raised, severity: "minor" } },
  digest: notifications.Digest,
  notice: notifications.Notice,
  "test-raised": notifications.Test,
  "test-cleared": { _tag: "Test", of: "Cleared", alert: cleared },
  ...Object.fromEntries(
    Because.literals.map((because) => [`cleared-${because}`, { ...notifications.Cleared, because }] as const)
  )
}

interface Told {
  readonly agents: number
  readonly linked: boolean
  readonly omitted: number
}

/** An alert with those texts in every place where a source's text can stand. */
const alertOf = (
  [
    name = "",
    expression = "",
    test = "",
    target = "",
    summary = "",
    agent = "",
    metric = "",
    label = ""
  ]: Array<string>,
  { agents, linked, omitted }: Told
): Alert => ({
  ...samples.cleared,
  rule: { name, expression },
  test: { name: test, targets: [target, target] },
  summary,
  observations: Array.from({ length: agents }, () => ({ name: agent, atStart: metric, atEnd: metric })),
  observationsOmitted: omitted,
  labels: { [label]: label, [`${label}2`]: label },
  links: linked ? samples.cleared.links : {},
  assumedTimeZone: { zone: "UTC", stated: label }
})

const told = (alert: Alert, of: "Raised" | "Escalated" | "Cleared"): Notification =>
  of === "Cleared" ? { ...notifications.Cleared, alert } : { _tag: of, alert, from: "minor" }

/** How many a list says that there are: those that it shows, and those that it counts. */
const counted = (shown: number, more: RegExpExecArray | null) =>
  shown + (more === null ? 0 : Number(more[1]?.replaceAll(",", "")))

describe("a message", () => {
  it.each(Object.entries(golden))("is as recorded: %s", (name, notification) => {
    const body = message(notification, { form: "rich" })
    assert.deepStrictEqual(validate(JSON.parse(JSON.stringify(body))), [])
    assertGolden(name, body)
  })

  it.each(Object.entries({ ...notifications, hostile: golden["hostile"], crowded: golden["crowded"] }))(
    "is as recorded in plain form: %s",
    (name, notification) => {
      if (notification === undefined) return assert.fail()
      const body = message(notification, { form: "plain" })
      assert.deepStrictEqual(validate(body), [])
      assertGolden(`plain-${name}`, body)
    }
  )

  it("has one card per message, and the same card for the same message", () => {
    const id = (notification: Notification) => message(notification, { form: "rich" }).card?.id
    const ids = Object.values(golden).map(id)
    assert.deepStrictEqual(Object.values(golden).map(id), ids)
    // `cleared` is also recorded with its reason.
    assert.strictEqual(new Set(ids).size, ids.length - 1)
  })

  it("leaves out a link that is too long", () => {
    const link = new URL(`https://app.example.com/?${"x".repeat(2000)}`)
    const alert = { ...samples.raised, links: { started: link, alert: link } }
    for (const form of forms) {
      const body = message({ _tag: "Raised", alert }, { form })
      assert.notInclude(JSON.stringify(body), "xxx")
      assert.deepStrictEqual(validate(body), [])
    }
  })

  it("shows a link with an @ or a parenthesis in plain form, encoded", () => {
    const links = { started: new URL("https://user:pass@app.example.com/@all/(failed)?to=@here#(x)") }
    const body = message({ _tag: "Raised", alert: { ...samples.raised, links } }, { form: "plain" })
    assert.include(body.message, "https://app.example.com/%40all/%28failed%29?to=%40here#%28x%29\n")
  })

  it("shows emoticons and smileys as they were written in plain form, links included", () => {
    const written = "(failed) :) ;-) 8) (7, 8) :'( :D :p, 12:30 https://x.example/a:b rate(x[5m]) c:\\Data"
    const links = { started: new URL("https://app.example.com:8080/:D/:)?a=;-)") }
    const alert = { ...samples.raised, rule: { name: written }, links }
    const body = message({ _tag: "Raised", alert }, { form: "plain" })
    assert.deepStrictEqual(validate(body), [])
    assert.include(body.message.replaceAll("\u200C", ""), `Raised: ${written} on checkout-eu\n`)
    assert.include(body.message, "12:30 https://x.example/a:b rate(\u200Cx[5m]) c:\\Data")
    assert.include(body.message, "https://app.example.com:8080/%3AD/:%29?a=;-%29\n")
  })

  it("never begins with a command", () => {
    const notice: Notification = { ...notifications.Notice, headline: "/code rm" }
    const body = message(notice, { form: "plain" })
    assert.deepStrictEqual(validate(body), [])
    assert.include(body.message, "/code rm")
  })

  it.effect.prop("counts what it leaves out, whatever its texts are", [generated.notification], ([notification]) =>
    Effect.sync(() => {
      const { lines, omitted } = Message.fromNotification(notification)
      const rich = message(notification, { form: "rich" })
      const more = /<li>and ([\d,]+) more<\/li><\/ul>/.exec(rich.message)
      const items = rich.message.split("<li>").length - 1
      assert.strictEqual(counted(more === null ? items : items - 1, more), lines.length + omitted)
    })
  )

  it.each([0, 1, 3, 19, 20, 21, 59, 60, 2000])("counts %i observers, and 0 or 500 more", (agents) => {
    for (const [omitted, linked] of [
      [0, true],
      [500, true],
      [0, false],
      [500, false]
    ] as const) {
      const texts = ["rule", "condition", "test", "target", "summary", "agent", "metric", "label"]
      const notification = told(alertOf(texts, { agents, linked, omitted }), "Raised")
      const rich = message(notification, { form: "rich" })
      const plain = message(notification, { form: "plain" })
      const card = rich.card?.description?.value ?? ""
      const total = agents + omitted
      const more = /and ([\d,]+) more/
      assert.strictEqual(
        counted(rich.message.split("</li>").length - (more.test(rich.message) ? 2 : 1), more.exec(rich.message)),
        total
      )
      assert.strictEqual(counted(plain.message.split("\n- ").length - 1, more.exec(plain.message)), total)
      assert.strictEqual(counted(card.split("agent: metric").length - 1, more.exec(card)), total)
      assert.strictEqual(card.includes(`Observed by ${total.toLocaleString("en-US")}:`), total > 0)
    }
  })

  it("keeps the times when every text has its maximum length", () => {
    const text = "x".repeat(5000)
    const alert = alertOf(Array(8).fill(text), { agents: 5000, linked: true, omitted: 7 })
    for (const form of forms) {
      const body = message({ ...notifications.Cleared, alert }, { form })
      for (const fact of ["Started", "Ended", "Duration"]) assert.include(body.message, fact)
    }
  })

  it("fits any space left for the list", () => {
    for (let length = 1; length <= 420; length++) {
      const texts = ["rule", "condition", "test", "target", "s".repeat(length), "a".repeat(110), "metric", "label"]
      const notification = told(alertOf(texts, { agents: 6, linked: true, omitted: 0 }), "Cleared")
      assert.deepStrictEqual(validate(message(notification, { form: "rich" })), [])
    }
  })
})
