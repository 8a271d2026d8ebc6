import { assert, describe, it } from "@effect/vitest"
import type { Preview } from "@tocsin/core"
import {
  type Answer,
  FakePage,
  FakeServer,
  FakeService,
  type Reply,
  type Misbehaviour,
  RateLimit,
  type Request
} from "@tocsin/core/fakes"
import { Effect } from "effect"

/** A service whose messages are their own text. */
class FakeEcho extends FakeService {
  readonly title = "Echo <&>"
  settings(origin: string) {
    return { url: `${origin}/channel` }
  }
  protected respond({ body, url }: Request): Reply {
    const [, as] = /^(edit|reply):/.exec(body) ?? []
    return {
      answer: { status: 200, headers: {}, body: "taken" },
      accepted: { channel: url.slice(1), payload: body, ...((as === "edit" || as === "reply") && { as }) }
    }
  }
  protected misbehave(how: Misbehaviour): Answer {
    return { status: 500, headers: {}, body: how }
  }
  protected render(payload: unknown): Preview.Preview {
    const text = String(payload)
    return {
      accent: "#FF0000",
      blocks: [
        { _tag: "Heading", spans: [{ _tag: "Link", text, link: new URL(`https://x.example/?a="><b>`) }] },
        { _tag: "Facts", facts: [{ label: text, spans: [{ _tag: "Strong", text }] }] },
        { _tag: "List", title: text, items: [[{ _tag: "Code", text }]] },
        { _tag: "Code", text }
      ]
    }
  }
}

const post = (url: string, body: string): Request => ({ method: "POST", url, headers: {}, body, at: 0 })
const get = (url: string): Request => ({ method: "GET", url, headers: {}, body: "", at: 0 })

describe("FakeService", () => {
  it("keeps accepted messages by channel, and answers from its script first", () => {
    const fake = new FakeEcho()
    fake.script({ status: 503, body: "later" })
    assert.deepStrictEqual(fake.answer(post("/a", "lost")), { status: 503, headers: {}, body: "later" })
    for (const [channel, text] of [
      ["a", "one"],
      ["b", "two"],
      ["a", "three"]
    ] as const)
      fake.answer(post(`/${channel}`, text))
    assert.deepStrictEqual(
      fake.channels().map(({ messages, name }) => [name, messages.length]),
      [
        ["a", 2],
        ["b", 1]
      ]
    )
    assert.deepStrictEqual(
      fake.messages.map(({ payload }) => payload),
      ["one", "two", "three"]
    )
  })

  it("shows edits and replies as such, and counts no edit as a message", () => {
    const fake = new FakeEcho()
    for (const text of ["one", "edit: one", "reply: two"]) fake.answer(post("/a", text))
    assert.deepStrictEqual(
      fake.channels()[0]?.messages.map(({ as }) => as),
      [undefined, "edit", "reply"]
    )
    assert.lengthOf(fake.messages, 2)
    const { body } = FakePage.withPage(fake).answer(get("/"))
    assert.match(body, /<time>00:00:00<\/time>[^]*<time>00:00:00, an edit<\/time>[^]*<time>00:00:00, a reply<\/time>/)
  })

  it("accepts nothing while it misbehaves", () => {
    const fake = new FakeEcho()
    fake.behaviour = "archived"
    assert.strictEqual(fake.answer(post("/a", "x")).body, "archived")
    fake.behaviour = "hanging"
    assert.strictEqual(fake.answer(post("/a", "x")).status, 0)
    assert.lengthOf(fake.channels(), 0)
  })
})

describe("RateLimit", () => {
  it("accepts the burst at once and then as many as the rate allows, for each key", () => {
    const limit = RateLimit.make({ messages: 2, perSeconds: 1, burst: 3 })
    const at = (time: number, key = "a") => limit(key, time).isWithin
    assert.deepStrictEqual(
      [at(0), at(0), at(0), at(0), at(499), at(500), at(501)],
      [true, true, true, false, false, true, false]
    )
    assert.isTrue(at(0, "b"))
    assert.deepStrictEqual(limit("a", 600), { isWithin: false, remaining: 0, resetAt: 2000, nextAt: 1000 })
    assert.deepStrictEqual(limit("a", 9000), { isWithin: true, remaining: 2, resetAt: 9500, nextAt: 9000 })
  })
})

describe("FakePage", () => {
  const hostile = `<script>alert(1)</script>"&'<img src=x onerror=alert(1)>`

  it("shows messages as text, and lets the browser do nothing else", () => {
    const fake = new FakeEcho()
    const page = FakePage.withPage(fake)
    page.answer(post(`/${hostile}`, hostile))
    const { body, headers, status } = page.answer(get("/"))
    assert.strictEqual(status, 200)
    assert.include(body, "&lt;script&gt;alert(1)&lt;/script&gt;")
    assert.notInclude(body, "<script")
    assert.notInclude(body, "<img")
    assert.include(headers["content-security-policy"], "default-src 'none'")
    assert.notInclude(headers["content-security-policy"], "unsafe")
  })

  it("changes the fake's behaviour by its buttons, and refuses other names", () => {
    const fake = new FakeEcho()
    const page = FakePage.withPage(fake)
    assert.deepInclude(page.answer(post("/behaviour", "name=revoked")), { status: 303, headers: { location: "/" } })
    assert.strictEqual(fake.behaviour, "revoked")
    assert.include(
      page.answer(get("/")).body,
      `value="revoked" title="the credential is no longer accepted" aria-pressed="true"`
    )
    assert.strictEqual(page.answer(post("/behaviour", "name=else")).status, 400)
    assert.strictEqual(page.answer(post("/channel", "x")).body, "revoked")
  })
})

describe("FakeServer", () => {
  it.live("serves a fake as a real server, and never answers for one that hangs", () =>
    Effect.gen(function* () {
      const fake = new FakeEcho()
      const origin = yield* FakeServer.serve(FakePage.withPage(fake))
      const { url } = fake.settings(origin)
      const answered = yield* Effect.promise(() => fetch(url, { method: "POST", body: "hello" }))
      assert.deepStrictEqual([answered.status, fake.messages[0]?.payload], [200, "hello"])
      assert.isAbove(fake.messages[0]?.at ?? 0, 0)
      assert.include(yield* Effect.promise(() => fetch(origin).then((page) => page.text())), "hello")
      fake.behaviour = "hanging"
      const hung = new AbortController()
      const pending = fetch(url, { method: "POST", body: "again", signal: hung.signal })
      // Answered after the one that hangs was read: it would have been first.
      yield* Effect.promise(() => fetch(origin))
      hung.abort()
      const failed = yield* Effect.promise(() =>
        pending.then(
          () => "answered",
          (error: unknown) => String(error)
        )
      )
      assert.include(failed, "AbortError")
      assert.lengthOf(fake.messages, 1)
    })
  )
})
