/**
 * Slack as a bot, and settings of webhooks from before there were bots, by a real gateway.
 */
import { assert, describe, it } from "@effect/vitest"
import { Delivery, Integration, IntegrationPreview, TestSend } from "@tocsin/client"
import { FakeServer } from "@tocsin/core/fakes"
import { FakeSlack, see } from "@tocsin/plugin-slack/testing"
import { Effect } from "effect"
import { errorsOf, listOf } from "../harness/answers.ts"
import { fast } from "../harness/channels.ts"
import { eventually, until } from "../harness/gate.ts"
import { makeInProcess } from "../harness/gateway.ts"

const key = (fill: number) => Buffer.alloc(32, fill).toString("base64")

const path = "/v1/integrations/ops"

/** A gateway with a bot in a channel, a rule that sends it everything, and the calls of the bot. */
const makeBot = Effect.fnUntraced(function* (limits: object) {
  const harness = yield* makeInProcess()
  const { request } = harness
  const slack = new FakeSlack({ authenticate: "bot" })
  const updated: Array<string> = []
  const settings = slack.settings(
    yield* FakeServer.serve({
      answer: (request) => {
        if (request.url.endsWith("/chat.update")) updated.push(JSON.parse(request.body).ts)
        return slack.answer(request)
      }
    })
  )
  const integration = { id: "ops", name: "Ops", type: "slack", settings, limits }
  const created = yield* request("POST", "/v1/integrations", integration)
  assert.strictEqual(created.status, 201, created.text)
  assert.deepStrictEqual(created.as(Integration).secretsSet, ["/token"])
  yield* request("POST", "/v1/rules", { name: "All", match: {}, integrations: ["ops"], notifyOnClear: true })

  const report = Effect.fnUntraced(function* (alerts: ReadonlyArray<{ readonly [field: string]: string }>) {
    const startedAt = "2026-01-15T02:00:00Z"
    const body = alerts.map((alert) => ({ source: "curl", startedAt, rule: { name: `Disk ${alert["id"]}` }, ...alert }))
    const posted = yield* request("POST", "/v1/alerts", body)
    assert.isBelow(posted.status, 300, posted.text)
  })
  /** Each message of the bot: its headline, the message that it replies to, and how often it was updated. */
  const shown = () => {
    const ids = [...slack.posted().keys()]
    return [...slack.posted().values()].map(({ payload, threadTs, updates }) => [
      /"text":"(\w+: Disk \w+)/.exec(JSON.stringify(see(payload)))?.[1],
      threadTs === undefined ? undefined : ids.indexOf(threadTs),
      updates
    ])
  }
  const deliveries = Effect.gen(function* () {
    const items: Array<typeof Delivery.Type> = []
    let after: string | undefined
    do {
      const page = (yield* request(
        "GET",
        `/v1/deliveries?limit=200${after === undefined ? "" : `&after=${after}`}`
      )).as(listOf(Delivery))
      items.push(...page.items)
      after = page.next
    } while (after !== undefined)
    return items
  })
  return { ...harness, slack, updated, report, shown, deliveries }
})

const clearedAt = "2026-01-15T02:10:00Z"

describe("A Slack bot", () => {
  it.live("threads an escalation, updates what it posted when the alert clears, and prints no token", () =>
    Effect.gen(function* () {
      const { answers, deliveries, gateway, report, shown, slack } = yield* makeBot(fast)
      yield* report([{ id: "full", state: "raised", severity: "major" }])
      yield* until("the raise", () => shown().length === 1)
      yield* report([{ id: "full", state: "raised", severity: "critical" }])
      yield* until("the escalation", () => shown().length === 2)
      yield* report([{ id: "full", state: "cleared", severity: "critical", clearedAt }])
      yield* until("the clear", () => shown().length === 3)
      assert.deepStrictEqual(shown(), [
        ["Cleared: Disk full", undefined, 1],
        ["Cleared: Disk full", 0, 1],
        ["Cleared: Disk full", 0, 0]
      ])
      assert.deepStrictEqual(
        [...slack.posted().values()].map(({ isBroadcast }) => isBroadcast),
        [false, true, false]
      )
      yield* eventually("all to be delivered", deliveries, (items) =>
        items.every(({ status }) => status === "delivered")
      )
      assert.notInclude([...answers, gateway().printed()].join("\n"), "xoxb-fake-token")
    }).pipe(Effect.scoped)
  )

  it.live("posts the clear as a new message where a person deleted the raise", () =>
    Effect.gen(function* () {
      const { deliveries, report, shown, slack } = yield* makeBot(fast)
      yield* report([{ id: "full", state: "raised" }])
      yield* until("the raise", () => shown().length === 1)
      yield* eventually("the receipt", deliveries, (items) => items.every(({ status }) => status === "delivered"))
      for (const ts of slack.posted().keys()) slack.delete(ts)
      yield* report([{ id: "full", state: "cleared", clearedAt }])
      yield* until("the clear", () => shown().length === 1)
      assert.deepStrictEqual(shown(), [["Cleared: Disk full", undefined, 0]])
    }).pipe(Effect.scoped)
  )

  it.live("updates each message once, and replies once, where many alerts clear together", () =>
    Effect.gen(function* () {
      const { deliveries, report, shown, slack, updated } = yield* makeBot(fast)
      const ids = Array.from({ length: 40 }, (_, n) => `n${n}`)
      yield* report(ids.map((id) => ({ id, state: "raised" })))
      const areDelivered = (count: number) => (items: ReadonlyArray<typeof Delivery.Type>) =>
        items.length === count && items.every(({ status }) => status === "delivered")
      yield* eventually("the raises", deliveries, areDelivered(ids.length))
      yield* report(ids.map((id) => ({ id, state: "cleared", clearedAt })))
      yield* eventually("the clears", deliveries, areDelivered(2 * ids.length))
      assert.deepStrictEqual([...updated].sort(), [...slack.posted().keys()].slice(0, ids.length))
      const messages = shown()
      for (const [n, [headline]] of messages.slice(0, ids.length).entries()) {
        assert.deepStrictEqual(messages[n], [headline, undefined, 1])
        assert.deepInclude(messages.slice(ids.length), [headline, n, 0])
      }
      assert.lengthOf(messages, 2 * ids.length)
    }).pipe(Effect.scoped)
  )

  it.live("accounts for every alert of a storm, and updates no message twice", () =>
    Effect.gen(function* () {
      const { deliveries, report, shown, slack, updated } = yield* makeBot({ messages: 1, perSeconds: 1, burst: 1 })
      const ids = Array.from({ length: 82 }, (_, n) => `n${n}`)
      const [early, late] = [ids.slice(0, 2), ids.slice(2)]
      const over = eventually("all to be sent", deliveries, (items) =>
        items.every(({ status }) => ["delivered", "folded", "superseded"].includes(status))
      )
      yield* report(early.map((id) => ({ id, state: "raised" })))
      yield* until("the first raises", () => shown().length === early.length)
      yield* report(late.map((id) => ({ id, state: "raised" })))
      yield* over
      yield* report(early.map((id) => ({ id, state: "cleared", clearedAt })))
      yield* over
      assert.sameMembers(updated, [...slack.posted().keys()].slice(0, early.length))
      yield* report(late.map((id) => ({ id, state: "cleared", clearedAt })))
      const items = yield* over
      for (const kind of ["Raised", "Cleared"]) {
        const alerts = items.flatMap((one) => (one.kind === kind && one.alert !== undefined ? [one.alert] : []))
        assert.lengthOf(new Set(alerts), ids.length, kind)
      }
      assert.lengthOf(new Set(updated), updated.length)
      const sent = items.filter(({ foldedInto, status }) => status === "delivered" && foldedInto === undefined)
      assert.lengthOf(slack.messages, sent.length)
    }).pipe(Effect.scoped)
  )

  it.live("takes over from a webhook, whose settings of before stay as they are", () =>
    Effect.gen(function* () {
      const harness = yield* makeInProcess({ TOCSIN_KEY: key(1) })
      const { request, slack, slackUrl } = harness
      const url = `${slackUrl}/services/T0/B0/c4n4ry-hook`
      const named = { name: "Ops", type: "slack", limits: fast }
      const created = yield* request("POST", "/v1/integrations", { id: "ops", ...named, settings: { url } })
      assert.strictEqual(created.status, 201, created.text)
      yield* harness.gateway().stop("SIGTERM")
      yield* harness.startWith({ TOCSIN_KEY: key(2), TOCSIN_KEY_PREVIOUS: key(1) })

      const { secretsSet, settings, state } = (yield* request("GET", path)).as(Integration)
      assert.deepStrictEqual([settings, secretsSet, state], [{}, ["/url"], "ok"])
      const put = Effect.fnUntraced(function* (settings: object) {
        const answer = yield* request("PUT", path, { ...named, settings })
        if (answer.status !== 200) return errorsOf(answer).map(({ message, path }) => `${path} ${message}`)
        const shown = answer.as(Integration)
        return [shown.settings, shown.secretsSet]
      })
      const works = Effect.gen(function* () {
        const { items } = (yield* request("POST", `${path}/test`)).as(TestSend)
        assert.deepStrictEqual(
          items.map(({ status }) => status),
          ["delivered", "delivered"]
        )
        return (yield* request("POST", `${path}/preview`)).as(IntegrationPreview).items[0]?.requests[0]?.url
      })
      const bot = { authenticate: "bot", channel: "C012AB3CD", apiUrl: `${slackUrl}/api` }
      const webhook = { authenticate: "webhook" }
      const steps: ReadonlyArray<readonly [entered: object, shown: ReadonlyArray<unknown>]> = [
        [{}, [{}, ["/url"]]],
        [{ channel: "#ops" }, [{ channel: "#ops" }, ["/url"]]],
        [webhook, [webhook, ["/url"]]],
        [{}, [{}, ["/url"]]],
        [bot, ["/settings/token is missing: expected a text"]],
        [{ ...bot, token: "a b" }, ["/settings/token Expected a bot's token, such as xoxb-…"]],
        [{ authenticate: "oauth" }, ["/settings/authenticate Expected one of webhook, bot"]]
      ]
      for (const [entered, shown] of steps) assert.deepStrictEqual(yield* put(entered), shown, JSON.stringify(entered))
      assert.strictEqual(yield* works, "<redacted>")
      assert.lengthOf(slack.messages, 2)

      const withToken = { ...bot, token: "xoxb-fake-token" }
      assert.deepStrictEqual(yield* put(withToken), [bot, ["/token"]])
      assert.deepStrictEqual(yield* put(bot), [bot, ["/token"]])
      assert.strictEqual(yield* works, `${slackUrl}/api/chat.postMessage`)
      assert.deepStrictEqual(
        [...slack.posted().values()].map(({ threadTs, updates }) => [threadTs === undefined, updates]),
        [
          [true, 1],
          [false, 0]
        ]
      )
      assert.deepStrictEqual(yield* put({}), ["/settings/url is missing: expected a text"])
      assert.deepStrictEqual(yield* put({ url }), [{}, ["/url"]])
      for (const answer of harness.answers) {
        assert.notInclude(answer, "c4n4ry")
        assert.notInclude(answer, "xoxb-fake-token")
      }
    }).pipe(Effect.scoped)
  )
})
