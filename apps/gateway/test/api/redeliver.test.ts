import { assert, describe, layer } from "@effect/vitest"
import { Effect } from "effect"
import { AlertDetails, Accepted, ask, Delivery, errorsOf, Problem } from "../harness/answers.ts"
import { eventually } from "../harness/gate.ts"
import { SharedHarness } from "../harness/gateway.ts"

/** An alert that both rooms were told of; gives the delivery to Slack. */
const delivered = Effect.fnUntraced(function* (id: string) {
  const harness = yield* SharedHarness
  const channels = yield* harness.channels(id, { match: { source: id } })
  const alert = { source: id, id, state: "raised", startedAt: "2026-01-15T02:00:00Z", rule: { name: id } }
  const { items } = (yield* ask(202, "POST", "/v1/alerts", alert)).as(Accepted)
  yield* channels.received(1)
  const { deliveries } = (yield* ask(200, "GET", `/v1/alerts/${items[0]?.id}`)).as(AlertDetails)
  const [delivery] = deliveries.filter(({ integration }) => integration === channels.integrations.slack)
  return { channels, path: `/v1/deliveries/${delivery?.id}/redeliver`, id: delivery?.id }
})

const basic = (user: string, password: string) => ({
  authorization: `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`
})

describe("Redelivery (D7)", () => {
  layer(SharedHarness.layer(), { excludeTestServices: true })((it) => {
    it.effect("creates a delivery that names the old one, the caller and the reason", () =>
      Effect.gen(function* () {
        const { id, path } = yield* delivered("again")
        const made = (yield* ask(200, "POST", path, { reason: "nobody saw it" }, basic("ann", "x"))).as(Delivery)
        assert.strictEqual(made.redeliveryOf, id)
        assert.notStrictEqual(made.id, id)
        assert.strictEqual(made.transitions[0]?.cause, "delivered again, asked for by ann at 127.0.0.1: nobody saw it")
        const now = Effect.map(ask(200, "GET", `/v1/deliveries/${made.id}`), ({ as }) => as(Delivery).status)
        yield* eventually("the redelivery", now, (status) => status === "delivered")
      })
    )

    it.effect("of a delivered message needs a reason, with a body or without", () =>
      Effect.gen(function* () {
        const { path, channels } = yield* delivered("why")
        for (const body of [undefined, {}, null, { reason: " " }]) {
          assert.strictEqual(errorsOf(yield* ask(400, "POST", path, body))[0]?.path, "/reason")
        }
        yield* channels.received(1)
      })
    )

    it.effect("is refused while another one is pending, and for an unknown id", () =>
      Effect.gen(function* () {
        const harness = yield* SharedHarness
        const { path } = yield* delivered("twice")
        harness.slackGate.hold()
        yield* ask(200, "POST", path, { reason: "one" })
        const { as } = yield* ask(409, "POST", path, { reason: "two" })
        assert.include(as(Problem).detail, "still waits")
        harness.slackGate.open()
        yield* ask(404, "POST", "/v1/deliveries/none/redeliver", { reason: "none" })
      })
    )

    it.effect("stores no user name that equals the password", () =>
      Effect.gen(function* () {
        const { path } = yield* delivered("secret")
        const token = "the-operators-t0ken:with-a-colon"
        const { text } = yield* ask(200, "POST", path, { reason: "again" }, basic(token, token))
        assert.notInclude(text, "t0ken")
        assert.include(text, "asked for by 127.0.0.1: again")
      })
    )
  })
})
