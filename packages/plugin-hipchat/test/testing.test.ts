import { readFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { samples } from "@tocsin/core/testing"
import { FakeHipChat, show, validate } from "@tocsin/plugin-hipchat/testing"
import { type Body, message } from "../src/message.ts"

const fixture = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`fixtures/hipchat-${name}.json`, import.meta.url), "utf8"))

const good: Body = message(samples.notifications.Raised, { form: "rich" })
const x = (length: number) => "x".repeat(length)
const withCard = (card: object) => ({ ...good, card: { ...good.card, ...card } })
const withAttribute = (attribute: object) => withCard({ attributes: [attribute] })

describe("validate", () => {
  it("accepts what the service accepts", () => {
    for (const name of ["notification", "notification-card"]) assert.deepStrictEqual(validate(fixture(name)), [])
    assert.deepStrictEqual(validate({ message: x(10_000) }), [])
    assert.deepStrictEqual(validate({ ...good, message: '<table><tr><td colspan="2">a</td></tr></table><br/>' }), [])
    assert.deepStrictEqual(validate({ ...good, from: x(64), card: null }), [])
    assert.deepStrictEqual(validate(withCard({ title: x(500), description: x(500) })), [])
    assert.deepStrictEqual(validate(withAttribute({ label: x(50), value: { label: "x" } })), [])
  })

  it.each<readonly [string, unknown, string]>([
    ["no object", "hello", "body"],
    ["no message", { color: "red" }, "message"],
    ["an empty message", { message: "" }, "message"],
    ["a long message", { message: x(10_001) }, "message"],
    ["a message that is no string", { message: 1 }, "message"],
    ["half of a surrogate pair", { message: "\ud800" }, "message"],
    ["a control character", { message: "\u001b[31m" }, "message"],
    ["another format", { ...good, message_format: "markdown" }, "message_format"],
    ["another colour", { ...good, color: "blue" }, "color"],
    ["notify as text", { ...good, notify: "true" }, "notify"],
    ["a long sender", { ...good, from: x(65) }, "from"],
    ["a long attach_to", { ...good, attach_to: x(37) }, "attach_to"],
    ["an unknown key", { ...good, room_id: 1 }, "body"],
    ["a bare &", { message: "a & b" }, "message"],
    ["a bare <", { message: "a < b" }, "message"],
    ["a bare >", { message: "a > b" }, "message"],
    ["a bare quote", { message: `a " b` }, "message"],
    ["a bare & in a link", { message: `<a href="https://x.example/?a=1&b=2">x</a>` }, "message"],
    ["a tag that is not allowed", { message: "<script>x</script>" }, "message"],
    ["an attribute that is not allowed", { message: `<b style="color: red">x</b>` }, "message"],
    ["a style that is not allowed", { message: `<span style="position: fixed">x</span>` }, "message"],
    ["a tag that is not closed", { message: "<b>x" }, "message"],
    ["tags that cross", { message: "<b><i>x</b></i>" }, "message"],
    ["half of an entity", { message: "a &am" }, "message"],
    ["a script as a link", { message: `<a href="javascript:alert(1)">x</a>` }, "message"],
    ["a live mention", { message: "hi @all", message_format: "text" }, "message"],
    ["a live emoticon", fixture("notification-text"), "message"],
    ["a smiley", { message: "down :)", message_format: "text" }, "message"],
    ["a smiley with a nose", { message: ":'-( down", message_format: "text" }, "message"],
    ["a smiley of letters", { message: "down :D", message_format: "text" }, "message"],
    ["a smiley with glasses", { message: "(7, 8)", message_format: "text" }, "message"],
    ["a command", { message: "/code x", message_format: "text" }, "message"],
    ["a card that is a string", { ...good, card: "x" }, "card"],
    ["an unknown key in a card", withCard({ color: "red" }), "card"],
    ["another style of card", withCard({ style: "alert" }), "card.style"],
    ["a card without an id", withCard({ id: "" }), "card.id"],
    ["an empty title", withCard({ title: "" }), "card.title"],
    ["a long title", withCard({ title: x(501) }), "card.title"],
    ["another format of card", withCard({ format: "large" }), "card.format"],
    ["a card's link that is none", withCard({ url: "x" }), "card.url"],
    ["a long description", withCard({ description: x(501) }), "card.description"],
    [
      "a long value of a description",
      withCard({ description: { format: "html", value: x(1001) } }),
      "card.description.value"
    ],
    [
      "a line break in a card",
      withCard({ description: { format: "html", value: "a<br>b" } }),
      "card.description.value"
    ],
    [
      "an unknown key in a description",
      withCard({ description: { format: "text", value: "x", a: 1 } }),
      "card.description"
    ],
    ["a long thumbnail", withCard({ thumbnail: { url: x(251) } }), "card.thumbnail.url"],
    ["a width as text", withCard({ thumbnail: { url: "x", width: "1" } }), "card.thumbnail.width"],
    ["an icon that is no link", withCard({ icon: { url: 1 } }), "card.icon.url"],
    ["no attributes", withCard({ attributes: [] }), "card.attributes"],
    ["11 attributes", withCard({ attributes: Array(11).fill({ value: { label: "x" } }) }), "card.attributes"],
    ["a long label", withAttribute({ label: x(51), value: { label: "x" } }), "card.attributes[0].label"],
    ["a value without a label", withAttribute({ label: "x", value: {} }), "card.attributes[0].value.label"],
    [
      "another lozenge",
      withAttribute({ value: { label: "x", style: "lozenge-red" } }),
      "card.attributes[0].value.style"
    ],
    ["an unknown key in an attribute", withAttribute({ value: { label: "x" }, a: 1 }), "card.attributes[0]"],
    ["an unknown key in activity", withCard({ activity: { html: "x", url: "x" } }), "card.activity"],
    ["an activity without words", withCard({ activity: {} }), "card.activity.html"]
  ])("refuses %s", (_, payload, field) => {
    assert.deepStrictEqual([...new Set(validate(payload).map((problem) => problem.split(": ")[0]))], [field])
  })
})

describe("FakeHipChat", () => {
  const ask = (fake: FakeHipChat, request: Partial<Parameters<FakeHipChat["answer"]>[0]> = {}) =>
    fake.answer({
      method: "POST",
      url: "/v2/room/Ops%20room/notification",
      headers: { authorization: "Bearer t0k3n", "content-type": "application/json" },
      body: JSON.stringify(good),
      at: 0,
      ...request
    })

  it("takes a message", () => {
    const fake = new FakeHipChat({ token: "t0k3n" })
    assert.deepStrictEqual(ask(fake), { status: 204, headers: {}, body: "" })
    assert.deepStrictEqual(fake.messages, [{ url: "/v2/room/Ops%20room/notification", payload: good, at: 0 }])
  })

  it.each([
    { name: "a wrong token", request: { headers: { authorization: "Bearer x" } }, status: 401, as: "error-401" },
    { name: "no token", request: { headers: {} }, status: 401, as: "error-401" },
    { name: "another path", request: { url: "/v2/room/1/message" }, status: 404, as: "error-404" },
    { name: "a GET", request: { method: "GET" }, status: 405 },
    { name: "no JSON", request: { body: "{" }, status: 400 },
    { name: "another content type", request: { headers: { authorization: "Bearer t0k3n" } }, status: 400 },
    { name: "a bad message", request: { body: `{"message":""}` }, status: 400 }
  ])("refuses $name", ({ as, request, status }) => {
    const fake = new FakeHipChat({ token: "t0k3n" })
    const answer = ask(fake, request)
    assert.strictEqual(answer.status, status)
    if (as !== undefined) assert.deepStrictEqual(JSON.parse(answer.body), fixture(as))
    assert.deepStrictEqual(fake.messages, [])
  })

  it("refuses a wrong type as the service does", () => {
    const answer = ask(new FakeHipChat({ token: "t0k3n" }), { body: JSON.stringify({ ...good, notify: "true" }) })
    assert.deepStrictEqual(JSON.parse(answer.body), {
      error: {
        code: 400,
        type: "Bad Request",
        message: "Value for field 'notify' is not of type 'boolean'",
        field: "notify",
        expected_type: "boolean",
        validation: "type"
      }
    })
  })

  it("accepts the token in the query, and tests it without posting", () => {
    const fake = new FakeHipChat({ token: "t0k3n" })
    const url = "https://acme.hipchat.example/v2/room/42/notification?auth_token=t0k3n"
    const headers = { "content-type": "application/json" }
    assert.strictEqual(ask(fake, { url: `${url}&auth_test=true`, headers, body: "" }).status, 202)
    assert.lengthOf(fake.messages, 0)
    assert.strictEqual(ask(fake, { url, headers }).status, 204)
    assert.lengthOf(fake.messages, 1)
  })

  it("answers as scripted, once each", () => {
    const fake = new FakeHipChat({ token: "t0k3n" })
    fake.script({ status: 503 }, { status: 429, headers: { "retry-after": "5" } })
    assert.deepStrictEqual(
      [ask(fake), ask(fake), ask(fake)].map(({ status }) => status),
      [503, 429, 204]
    )
    assert.lengthOf(fake.messages, 1)
  })
})

describe("show", () => {
  it("shows a message as a person sees it", () => {
    assert.strictEqual(
      show({
        from: "Tocsin",
        message: `<a href="https://x.example/?a=1&amp;b=2"><b>A &lt; B</b></a><ul><li>c</li></ul>d`
      }),
      "Tocsin [yellow]\n| A < B (https://x.example/?a=1&b=2)\n| - c\n| d"
    )
    assert.strictEqual(
      show({ message: "a\nb", message_format: "text", color: "red", notify: true }),
      "HipChat [red, notifies]\n| a\n| b"
    )
  })

  it("shows the card instead of the message", () => {
    assert.strictEqual(
      show(fixture("notification-card")).split("\n").slice(2).join("\n"),
      [
        "| Response Code is any error (≥ 400 or no response)",
        "| Severity: Major",
        "| Agents: 3",
        "| Rule: HTTP errors (https://app.thousandeyes.com/alerts/list/?__a=1200042&alertId=118039164)"
      ].join("\n")
    )
  })
})
