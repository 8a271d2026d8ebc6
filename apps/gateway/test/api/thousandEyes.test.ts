import { assert, describe, it, layer } from "@effect/vitest"
import { AlertSummary } from "@tocsin/client"
import { Effect } from "effect"
import { DatabaseSync } from "node:sqlite"
import { fixture, makeInProcess, ownFixture, SharedHarness } from "../harness/gateway.ts"
import { Problem, listOf, UnreadableBody } from "../harness/answers.ts"

const source = "/v1/sources/thousandeyes"
const views = "https://app.thousandeyes.com/view/tests"

describe("ThousandEyes, from raise to clear", () => {
  it.live.each([
    {
      pair: ["trigger", "trigger-cleared"],
      headline: "HTTP errors on checkout-eu",
      links: [
        `${views}?__a=1200042&testId=2800817&roundId=1650925080&agentId=1120`,
        `${views}?__a=1200042&testId=2800817&roundId=1650925860&agentId=1120`
      ],
      colors: { slack: "#EF6C00", hipChat: "red" },
      raised: ["Severity", "Condition: Response Code is any error (≥ 400 or no response)", "Seattle, WA (Verizon)"],
      cleared: ["Cleared: conditions no longer met", "Ended: 2022-04-25 22:31:00 UTC", "Duration: 13m"]
    },
    {
      pair: ["clear-triggered", "clear"],
      headline: "File service down on https://files.example.com - HTTP Server",
      links: [
        `${views}?__a=562949953500042&testId=562949953500258&roundId=1742240580&agentId=4503`,
        `${views}?__a=562949953500042&testId=562949953500258&roundId=1742836860&agentId=4503`
      ],
      colors: { slack: "#1E88E5", hipChat: "purple" },
      raised: ["Hong Kong (Trial)", "Response Code: 502"],
      cleared: ["Cleared: conditions no longer met", "Response Code: 200", "Duration: 6d 21h"]
    },
    {
      pair: ["custom-generic-trigger", "custom-generic-clear"],
      headline: "File service down on https://files.example.com - HTTP Server",
      // This body has neither the ids that a link into Views is made of, nor a permalink.
      links: [undefined, undefined],
      colors: { slack: "#EF6C00", hipChat: "red" },
      raised: ["Started: 2025-03-17 19:43:00 UTC", "Response Code: 502"],
      cleared: ["Cleared: conditions no longer met", "Ended: 2025-03-24 17:21:00 UTC", "Response Code: 200"]
    },
    {
      pair: ["2014-trigger", "2014-clear"],
      headline: "Slow page on Shop home page",
      links: [
        `${views}?__a=4401&testId=31227&roundId=1415733647&agentId=24`,
        `${views}?__a=4401&testId=31227&roundId=1415734930&agentId=24`
      ],
      colors: { slack: "#EF6C00", hipChat: "red" },
      raised: ["The source states no time zone; its times were read as UTC."],
      cleared: ["Cleared: source rule changed or removed", "Duration: 21m 23s"]
    }
  ])(
    "tells both rooms of $pair.0 and $pair.1",
    ({ cleared, colors, headline, links, pair: [raise = "", clear = ""], raised }) =>
      Effect.gen(function* () {
        const harness = yield* makeInProcess()
        const channels = yield* harness.channels("ops", { match: { source: "thousandeyes" } })

        assert.strictEqual((yield* harness.request("POST", source, yield* fixture(raise))).status, 200)
        const [first] = yield* channels.received(1)
        assert.strictEqual((yield* harness.request("POST", source, yield* fixture(clear))).status, 200)
        const [, second] = yield* channels.received(2)

        assert.strictEqual(first?.slack.color, colors.slack)
        assert.strictEqual(first?.hipChat.color, colors.hipChat)
        assert.isTrue(first?.hipChat.notify)
        assert.strictEqual(second?.slack.color, "#2EB67D")
        assert.strictEqual(second?.hipChat.color, "green")
        assert.isFalse(second?.hipChat.notify)
        const linked = (link: string | undefined) => (link === undefined ? "\n" : ` (${link})\n`)
        for (const shown of [first?.slack.shown, first?.hipChat.shown]) {
          assert.include(shown, `Raised: ${headline}${linked(links[0])}`)
          for (const text of raised) assert.include(shown, text)
          assert.notInclude(shown?.toLowerCase(), "clear")
        }
        for (const shown of [second?.slack.shown, second?.hipChat.shown]) {
          assert.include(shown, `Cleared: ${headline}${linked(links[1])}`)
          for (const text of cleared) assert.include(shown, text)
        }
      })
  )
})

describe("ThousandEyes, ids beyond 2^53", () => {
  it.live("keep every digit, also in a replayed body", () =>
    Effect.gen(function* () {
      const harness = yield* makeInProcess()
      const state = Effect.fnUntraced(function* (id: string) {
        const { as } = yield* harness.request("GET", `/v1/alerts?source=thousandeyes&sourceId=${id}`)
        return as(listOf(AlertSummary)).items.map(({ state }) => state)
      })
      const [first, second] = [yield* fixture("large-id-1"), yield* fixture("large-id-2")]
      yield* harness.request("POST", source, first)
      yield* harness.request("POST", source, second.replace("TRIGGER", "UNKNOWN"))
      // As if a later version reads what this one could not.
      yield* harness.gateway().stop("SIGTERM")
      const database = new DatabaseSync(harness.database)
      database.exec("UPDATE unreadable SET body = replace(body, 'UNKNOWN', 'TRIGGER')")
      database.close()
      yield* harness.start
      const { items } = (yield* harness.request("GET", "/v1/sources/unreadable")).as(listOf(UnreadableBody))
      yield* harness.request("POST", `/v1/sources/unreadable/${items[0]?.id}/replay`)
      yield* harness.request("POST", source, first.replace("TRIGGER", "CLEAR").replace("e-1", "e-3"))
      assert.deepStrictEqual(yield* state("9007199254740992"), ["cleared"])
      assert.deepStrictEqual(yield* state("9007199254740993"), ["raised"])
    })
  )
})

describe("ThousandEyes", () => {
  layer(SharedHarness.layer(), { excludeTestServices: true })((it) => {
    /** An alert and a room of the test's own. */
    const own = Effect.fnUntraced(function* (id: string) {
      const harness = yield* SharedHarness
      const channels = yield* harness.channels(id, { match: { rule: id } })
      const post = Effect.fnUntraced(function* (name: string, more: { readonly [text: string]: string } = {}) {
        const { status, text } = yield* harness.request("POST", source, yield* ownFixture(name, id, more))
        assert.strictEqual(status, 200, text)
      })
      const alerts = Effect.map(
        harness.request("GET", `/v1/alerts?source=thousandeyes&sourceId=${id}`),
        ({ as }) => as(listOf(AlertSummary)).items
      )
      return { harness, channels, post, alerts }
    })

    it.effect("answers a test with 200 and sends nothing", () =>
      Effect.gen(function* () {
        const harness = yield* SharedHarness
        const channels = yield* harness.channels("test", { match: { source: "thousandeyes" } })
        const { status } = yield* harness.request("POST", source, yield* fixture("test"))
        assert.strictEqual(status, 200)
        yield* channels.received(0)
        yield* harness.request("DELETE", "/v1/rules/test")
      })
    )

    it.effect("links to the permalink where the test's id is not known", () =>
      Effect.gen(function* () {
        const { post, channels } = yield* own("permalink")
        yield* post("trigger", { '"testId"': '"testNo"' })
        const [received] = yield* channels.received(1)
        const permalink = "https://app.thousandeyes.com/alerts/list/?__a=1200042&alertId=permalink"
        assert.include(received?.slack.shown, `Raised: permalink on checkout-eu (${permalink})\n`)
        assert.include(received?.hipChat.shown, `Raised: permalink on checkout-eu (${permalink})\n`)
      })
    )

    it.effect("raises and clears an alert by the Splunk preset", () =>
      Effect.gen(function* () {
        const harness = yield* SharedHarness
        const channels = yield* harness.channels("splunk", { match: { rule: "splunk" } })
        for (const [name, count, word] of [
          ["custom-splunk-trigger", 1, "Raised"],
          ["custom-splunk-clear", 2, "Cleared"]
        ] as const) {
          const body = yield* fixture(name, { "Example rule": "splunk" })
          const { text } = yield* harness.request("POST", source, body)
          assert.strictEqual(text, `{"accepted":1,"unreadable":0}`)
          const received = yield* channels.received(count)
          assert.include(
            received.at(-1)?.slack.shown,
            `${word}: splunk on Example site (${views}?__a=1001&testId=3001&`
          )
        }
      })
    )

    it.effect("reports an empty body as empty", () =>
      Effect.gen(function* () {
        const { as, status } = yield* (yield* SharedHarness).request("POST", source, "")
        assert.strictEqual(status, 400)
        assert.strictEqual(as(Problem).detail, "The body is empty")
      })
    )

    it.effect("sends one message for a repeated event", () =>
      Effect.gen(function* () {
        const { alerts, post, channels } = yield* own("twice")
        yield* post("trigger")
        yield* post("trigger")
        yield* channels.received(1)
        yield* post("trigger-cleared")
        yield* post("trigger-cleared")
        yield* post("trigger")
        yield* channels.received(2)
        assert.lengthOf(yield* alerts, 1)
      })
    )

    it.effect("accepts a clear without a raise, and the trigger that follows it, and sends nothing", () =>
      Effect.gen(function* () {
        const { alerts, post, channels } = yield* own("late")
        yield* post("trigger-cleared")
        const [known, ...others] = yield* alerts
        assert.lengthOf(others, 0)
        assert.strictEqual(known?.state, "cleared")
        yield* post("trigger")
        yield* channels.received(0)
        assert.deepStrictEqual(yield* alerts, [known])
      })
    )

    it.effect("keeps JSON of an unknown shape, and answers 200", () =>
      Effect.gen(function* () {
        const harness = yield* SharedHarness
        const bodies = [
          `{"hello": "${"unknown".repeat(2)}"}`,
          `[1, "a list"]`,
          `"a text"`,
          "null",
          `{"eventType":"NEW_ONE"}`
        ]
        for (const body of bodies) {
          const { status } = yield* harness.request("POST", source, body)
          assert.strictEqual(status, 200, body)
        }
        const { items } = (yield* harness.request("GET", "/v1/sources/unreadable")).as(listOf(UnreadableBody))
        const kept = items.filter((item) => bodies.includes(item.body))
        assert.deepStrictEqual(kept.map(({ body }) => body).toReversed(), bodies)
        for (const { source, why } of kept) {
          assert.strictEqual(source, "thousandeyes")
          assert.notStrictEqual(why, "")
        }
      })
    )

    it.effect("names the position of invalid JSON, and keeps the body", () =>
      Effect.gen(function* () {
        const harness = yield* SharedHarness
        const body = `{\n  "rule": "the "quoted" rule"\n}`
        const { as, headers, status } = yield* harness.request("POST", source, body)
        assert.strictEqual(status, 400)
        assert.include(headers["content-type"], "application/problem+json")
        const { errors } = as(Problem)
        assert.include(errors?.[0]?.message, "line 2, column 17 (position 18)")
        assert.notInclude(JSON.stringify(errors), "quoted")
        const { items } = (yield* harness.request("GET", "/v1/sources/unreadable?limit=1")).as(listOf(UnreadableBody))
        assert.strictEqual(items[0]?.body, body)
      })
    )

    it.effect("answers 404 for an unknown source", () =>
      Effect.gen(function* () {
        const harness = yield* SharedHarness
        const { as, status } = yield* harness.request("POST", "/v1/sources/nagios", yield* fixture("trigger"))
        assert.strictEqual(status, 404)
        assert.strictEqual(as(Problem).status, 404)
      })
    )
  })
})
