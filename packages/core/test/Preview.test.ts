import { assert, it } from "@effect/vitest"
import { Message, Preview } from "@tocsin/core"
import { samples } from "@tocsin/core/testing"

it("what is raised has the colour of its severity, and everything else that of its state", () => {
  const accent = (state: "raised" | "cleared" | "notice", severity: "info" | "critical") =>
    Preview.accentOf({ state, severity })
  assert.strictEqual(accent("raised", "critical"), Preview.accents.critical)
  assert.strictEqual(accent("raised", "info"), Preview.accents.info)
  assert.strictEqual(accent("cleared", "critical"), Preview.accents.cleared)
  assert.strictEqual(accent("notice", "critical"), Preview.accents.notice)
})

const shown = {
  headline: 20,
  summary: 20,
  label: 10,
  facts: 2,
  fact: 10,
  lines: 2,
  line: 10,
  links: 1,
  link: 60,
  notes: 1,
  note: 20
}

const texts = (message: Message.Message, more: Partial<Preview.Shown> = {}) =>
  Preview.fromMessage(message, { ...shown, ...more }).blocks.map((block) => JSON.stringify(block))

it("fromMessage cuts each part, counts what it leaves out, and drops what is no text", () => {
  const message = Message.fromNotification({
    _tag: "Raised",
    alert: { ...samples.raised, summary: "One\u202Eline\n\nand another one of the same" }
  })
  assert.deepStrictEqual(texts(message), [
    '{"_tag":"Heading","spans":[{"_tag":"Link","text":"Raised: HTTP errors…","link":"https://app.example.com/view?test=2800817&at=1650925080"}]}',
    '{"_tag":"Text","spans":[{"_tag":"Plain","text":"Oneline\\nand another…"}]}',
    '{"_tag":"Facts","facts":[{"label":"Severity","spans":[{"_tag":"Plain","text":"major"}]},{"label":"Condition","spans":[{"_tag":"Plain","text":"Response…"}]}]}',
    '{"_tag":"List","title":"Observed…","items":[[{"_tag":"Link","text":"New York,…","link":"https://app.example.com/alerts?agentId=1120"},{"_tag":"Plain","text":": Response…"}],[{"_tag":"Link","text":"Seattle,…","link":"https://app.example.com/alerts?agentId=59220"},{"_tag":"Plain","text":": Response…"}],[{"_tag":"Plain","text":"and 1 more"}]]}',
    '{"_tag":"Text","spans":[{"_tag":"Link","text":"Alert","link":"https://app.example.com/alerts?alertId=118039164"}]}',
    '{"_tag":"Footer","spans":[{"_tag":"Plain","text":"thousandeyes alert…"}]}'
  ])
})

it("fromMessage shows a text without an address that is too long, and no further link with one", () => {
  const [heading, ...rest] = texts(Message.fromNotification(samples.notifications.Raised), { link: 10 })
  assert.strictEqual(heading, '{"_tag":"Heading","spans":[{"_tag":"Plain","text":"Raised: HTTP errors…"}]}')
  assert.notInclude(rest.join(""), "Link")
})

it("fromMessage measures what is sent", () => {
  const message = Message.fromNotification(samples.notifications.Raised)
  const [heading] = texts(message, { link: 80, encode: (text) => text.replaceAll("e", "&eacute;") })
  assert.strictEqual(heading, '{"_tag":"Heading","spans":[{"_tag":"Plain","text":"Raised: HTTP…"}]}')
})

it("reads marked-up text as spans, in order and with nothing lost", () => {
  const read = (text: string) =>
    Preview.readSpans(text, /\*(?<strong>[^*]*)\*|!/g, {
      unescape: (text) => text.replaceAll("&amp;", "&"),
      read: ({ strong }) => (strong === undefined ? undefined : { _tag: "Strong", text: strong })
    })
  assert.deepStrictEqual(read("a &amp; *b*!c"), [
    { _tag: "Plain", text: "a & " },
    { _tag: "Strong", text: "b" },
    { _tag: "Plain", text: "c" }
  ])
  assert.deepStrictEqual(read("*b*"), [{ _tag: "Strong", text: "b" }])
  assert.deepStrictEqual(read(""), [])
})
