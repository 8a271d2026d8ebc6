import { assert, describe, it } from "@effect/vitest"
import { FakeSlack, show, validate } from "@tocsin/plugin-slack/testing"

const text = (text: string) => ({ type: "mrkdwn", text, verbatim: true })
const section = (value: string) => ({ type: "section", text: text(value) })
const quiet = { parse: "none", unfurl_links: false, unfurl_media: false }
const message = (more: object) => ({ text: "hello", ...quiet, ...more })
const attached = (blocks: ReadonlyArray<unknown>, more: object = {}) =>
  message({ attachments: [{ color: "#2EB67D", fallback: "hello", blocks, ...more }] })

const post = (payload: unknown) => ({
  method: "POST",
  url: "https://hooks.example.com/",
  headers: {},
  body: JSON.stringify(payload),
  at: 1
})

const good: ReadonlyArray<readonly [name: string, payload: unknown]> = [
  ["text", message({ channel: "#ops", mrkdwn: false })],
  ["text of 4,000", message({ text: "x".repeat(4000) })],
  ["a section of 3,000", attached([section("x".repeat(3000))])],
  ["ten fields", attached([{ type: "section", fields: Array(10).fill(text("x".repeat(1000))) }])],
  ["a context and a divider", attached([{ type: "divider" }, { type: "context", elements: [text("x")] }])],
  [
    "a link, a date, escapes",
    attached([section("<https://a.example/?b=1&amp;c|d> <!date^1650925080^{date} {time}|x> &lt;!here&gt;")])
  ],
  ["a host that is an IPv6 address", attached([section("<https://[2001:db8::1]:80/|d>")])]
]

const bad: ReadonlyArray<readonly [name: string, payload: unknown, code: string]> = [
  ["no object", "hello", "invalid_payload"],
  ["null", null, "invalid_payload"],
  ["no text", quiet, "no_text"],
  ["an empty text", message({ text: " " }), "no_text"],
  ["text of 4,001", message({ text: "x".repeat(4001) }), "msg_too_long"],
  ["link_names", message({ link_names: true }), "invalid_payload"],
  ["parse full", message({ parse: "full" }), "invalid_payload"],
  ["unfurled links", message({ unfurl_links: true }), "invalid_payload"],
  ["mrkdwn true", message({ mrkdwn: true }), "invalid_payload"],
  ["an empty channel", message({ channel: "" }), "invalid_payload"],
  ["a mention", message({ text: "<!channel> hello" }), "no_text"],
  ["a mention with a label", message({ text: "<!here|x> hello" }), "no_text"],
  ["a user", message({ text: "<@U012AB3CD>" }), "no_text"],
  ["a channel", message({ text: "<#C012AB3CD>" }), "no_text"],
  ["a mail link", message({ text: "<mailto:a@b.example|a>" }), "no_text"],
  ["a link without a label", message({ text: "<https://a.example/>" }), "no_text"],
  ["a link with a space", message({ text: "<https://a.example/ b|c>" }), "no_text"],
  ["a label with a bar", message({ text: "<https://a.example/|b|c>" }), "no_text"],
  ["a bare &", message({ text: "a & b" }), "no_text"],
  ["half an entity", message({ text: "a &am" }), "no_text"],
  ["another entity", message({ text: "&quot;" }), "no_text"],
  ["a bare <", message({ text: "a < b" }), "no_text"],
  ["a bare >", message({ text: "a > b" }), "no_text"],
  ["half a surrogate pair", message({ text: "a\ud83d" }), "invalid_payload"],
  ["a control character", message({ text: "a\u001b[31m" }), "invalid_payload"],
  ["an emoji", message({ text: "2001:100:db8::/48" }), "no_text"],
  ["an emoji in plain text", message({ text: "00:ab:cd:de", mrkdwn: false }), "no_text"],
  ["an emoji in a fallback", attached([section("x")], { fallback: "job:up:sum" }), "invalid_attachments"],
  ["an emoji in a block", attached([section("x :체크표시: y")]), "invalid_blocks"],
  ["an emoji in a link", attached([section("<https://a.example/job:up:sum|x>")]), "invalid_blocks"],
  ["no attachments", message({ attachments: [] }), "too_many_attachments"],
  [
    "101 attachments",
    message({ attachments: Array(101).fill({ color: "good", fallback: "x", blocks: [section("x")] }) }),
    "too_many_attachments"
  ],
  ["no blocks", attached([]), "invalid_blocks"],
  ["51 blocks", attached(Array(51).fill({ type: "divider" })), "invalid_blocks"],
  ["blocks and legacy fields", attached([section("x")], { footer: "x" }), "invalid_attachments"],
  ["blocks and text", attached([section("x")], { text: "x" }), "invalid_attachments"],
  ["no colour", attached([section("x")], { color: "red" }), "invalid_attachments"],
  ["an empty fallback", attached([section("x")], { fallback: "" }), "invalid_attachments"],
  ["a new block type", attached([{ type: "alert", text: text("x") }]), "invalid_blocks"],
  ["a section of nothing", attached([{ type: "section" }]), "invalid_blocks"],
  ["a section of 3,001", attached([section("x".repeat(3001))]), "invalid_blocks"],
  ["an empty section", attached([section("")]), "invalid_blocks"],
  ["no fields", attached([{ type: "section", fields: [] }]), "invalid_blocks"],
  ["11 fields", attached([{ type: "section", fields: Array(11).fill(text("x")) }]), "invalid_blocks"],
  ["a field of 2,001", attached([{ type: "section", fields: [text("x".repeat(2001))] }]), "invalid_blocks"],
  ["11 elements", attached([{ type: "context", elements: Array(11).fill(text("x")) }]), "invalid_blocks"],
  [
    "a text that is not verbatim",
    attached([{ type: "section", text: { type: "mrkdwn", text: "x" } }]),
    "invalid_blocks"
  ],
  ["a plain text", attached([{ type: "section", text: { type: "plain_text", text: "x" } }]), "invalid_blocks"],
  ["a block_id of 256", attached([{ ...section("x"), block_id: "x".repeat(256) }]), "invalid_blocks"],
  ["a block_id twice", attached(Array(2).fill({ ...section("x"), block_id: "x" })), "invalid_blocks"],
  ["blocks of 15,000", attached(Array(5).fill(section("x".repeat(3000)))), "msg_blocks_too_long"]
]

describe("validate", () => {
  it.each(good)("accepts %s", (_, payload) => assert.deepStrictEqual(validate(payload), []))

  it.each(bad)("finds %s", (_, payload) => assert.isAbove(validate(payload).length, 0))

  it("accepts the mentions of the settings, and only these", () => {
    const mentions = ["<!subteam^S1>"]
    assert.deepStrictEqual(validate(message({ text: "<!subteam^S1> hello" }), { mentions }), [])
    assert.lengthOf(validate(message({ text: "<!subteam^S2> hello" }), { mentions }), 1)
  })
})

describe("FakeSlack", () => {
  it.each(good)("takes %s", (_, payload) => {
    const slack = new FakeSlack()
    assert.deepStrictEqual(slack.answer(post(payload)).body, "ok")
    assert.deepStrictEqual(slack.messages, [{ url: "https://hooks.example.com/", payload, at: 1 }])
  })

  it.each(bad)("refuses %s", (_, payload, code) => {
    const slack = new FakeSlack()
    const { body, status } = slack.answer(post(payload))
    assert.deepStrictEqual([status, body, slack.messages.length], [400, code, 0])
  })

  it("refuses other methods than POST and invalid JSON", () => {
    const slack = new FakeSlack()
    assert.strictEqual(slack.answer({ ...post(message({})), method: "GET" }).status, 405)
    assert.strictEqual(slack.answer({ ...post(message({})), body: "{" }).body, "invalid_payload")
  })

  it("answers from its script first", () => {
    const slack = new FakeSlack()
    slack.script({ status: 429, headers: { "retry-after": "30" } }, { status: 404, body: "no_service" })
    const answers = [1, 2, 3].map(() => slack.answer(post(message({}))))
    assert.deepStrictEqual(
      answers.map(({ status }) => status),
      [429, 404, 200]
    )
    assert.strictEqual(answers[0]?.headers["retry-after"], "30")
    assert.lengthOf(slack.messages, 1)
  })
})

describe("show", () => {
  it("shows a message as a person sees it", () => {
    const payload = attached(
      [
        section("*Observed by*\n• *a*: b &amp; c\n• <https://a.example/?b&amp;c|d>: e"),
        { type: "section", fields: [text("*Started*\n<!date^1650925080^{date}|x>")] }
      ],
      {}
    )
    assert.strictEqual(
      show({ ...payload, text: "<!here> *<https://a.example/|Raised: x>*" }),
      [
        "@here Raised: x (https://a.example/)",
        "┃ [green]",
        "┃ Observed by",
        "┃ • a: b & c",
        "┃ • d (https://a.example/?b&c): e",
        "┃ Started: 2022-04-25 22:18:00 UTC"
      ].join("\n")
    )
  })
})
