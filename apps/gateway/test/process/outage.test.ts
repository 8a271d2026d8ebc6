import { assert, describe, layer } from "@effect/vitest"
import { Integration } from "@tocsin/client"
import { Effect } from "effect"
import { Delivery, listOf } from "../harness/answers.ts"
import { eventually, until } from "../harness/gate.ts"
import { fast } from "../harness/room.ts"
import { ownFixture, SharedWorld } from "../harness/world.ts"

/** A Slack channel of the test's own, which may fail as the test wants; HipChat takes everything. */
const own = Effect.fnUntraced(function* (id: string) {
  const world = yield* SharedWorld
  const room = yield* world.room(id, { match: { rule: id }, integration: { delivery: { maxBackoff: 1 } } })
  const post = Effect.fnUntraced(function* (name: string) {
    const { status } = yield* world.request("POST", "/v1/sources/thousandeyes", yield* ownFixture(name, id))
    assert.strictEqual(status, 200)
  })
  const path = `/v1/integrations/${room.integrations.slack}`
  const shown = Effect.map(world.request("GET", path), ({ as }) => as(Integration))
  const deliveries = Effect.map(
    world.request("GET", `/v1/deliveries?integration=${room.integrations.slack}`),
    ({ as }) => as(listOf(Delivery)).items.toReversed()
  )
  const broken = eventually("the lane to break", shown, ({ state }) => state === "broken")
  return { world, room, post, path, shown, deliveries, broken }
})

describe("While the service fails", () => {
  layer(SharedWorld.layer(), { excludeTestServices: true })((it) => {
    it.effect("a delivery is tried until it is taken, and told once", () =>
      Effect.gen(function* () {
        const { deliveries, post, room, shown, world } = yield* own("tried")
        const before = world.slackGate.arrived()
        world.slack.script({ status: 429, headers: { "retry-after": "1" } }, { status: 500, body: "oops" })
        yield* post("trigger")
        yield* room.told(1)
        // Two failures, the message and the fence behind it.
        assert.strictEqual(world.slackGate.arrived() - before, 4)
        const [delivery] = yield* deliveries
        assert.strictEqual(delivery?.status, "delivered")
        assert.strictEqual(delivery.attempts, 3)
        assert.deepStrictEqual(
          delivery.transitions.map(({ cause, status }) => [status, cause?.split(":")[0]]),
          [
            ["pending", "matched by rule tried"],
            ["sending", undefined],
            ["retrying", "RateLimited"],
            ["sending", undefined],
            ["retrying", "Unavailable"],
            ["sending", undefined],
            ["delivered", undefined]
          ]
        )
        const [, , limited, again] = delivery.transitions
        // The pause begins with the answer, a moment before that is written down.
        assert.isAtLeast((again?.at.epochMilliseconds ?? 0) - (limited?.at.epochMilliseconds ?? 0), 900)
        assert.strictEqual((yield* shown).state, "ok")
        const byAlert = yield* world.request("GET", `/v1/deliveries?alert=${delivery.alert}`)
        assert.deepStrictEqual(
          byAlert
            .as(listOf(Delivery))
            .items.map(({ integration, status }) => `${integration} ${status}`)
            .toSorted(),
          [`${room.integrations.hipChat} delivered`, `${room.integrations.slack} delivered`]
        )
      })
    )

    it.effect("an integration that is refused is shown as broken, and new settings deliver at once", () =>
      Effect.gen(function* () {
        const { broken, deliveries, path, post, shown, world } = yield* own("refused")
        world.slack.script({ status: 403, body: "invalid_token" })
        yield* post("trigger")
        assert.include((yield* broken).broken?.reason, "Unauthorized: HTTP 403: invalid_token")
        assert.deepStrictEqual(
          (yield* deliveries).map(({ status }) => status),
          ["retrying"]
        )

        const body = {
          name: "refused",
          type: "slack",
          limits: fast,
          settings: { url: `${world.slackUrl}/services/fixed` }
        }
        assert.strictEqual((yield* world.request("PUT", path, body)).status, 200)
        yield* until("the message at its new place", () =>
          world.slack.messages.some(({ url }) => url === "/services/fixed")
        )
        yield* eventually("the delivery's end", deliveries, ([delivery]) => delivery?.status === "delivered")
        const { broken: why, lastSuccessAt, state } = yield* shown
        assert.strictEqual(state, "ok")
        assert.isUndefined(why)
        assert.isDefined(lastSuccessAt)
      })
    )

    it.effect("an alert that clears before its raise could be told is one message", () =>
      Effect.gen(function* () {
        const { deliveries, post, world } = yield* own("brief")
        world.slackGate.hold()
        world.slack.script({ status: 503, body: "down" })
        yield* post("trigger")
        yield* until("the attempt", () => world.slackGate.held() === 1)
        yield* post("trigger-cleared")
        world.slackGate.open()
        yield* eventually("the delivery's end", deliveries, ([delivery]) => delivery?.status === "delivered")
        const messages = world.slack.messages.filter(({ url }) => url.endsWith("/brief"))
        assert.lengthOf(messages, 1)
        assert.include(JSON.stringify(messages[0]), "Raised and cleared: brief on checkout-eu")
        assert.include(JSON.stringify(messages[0]), "#2EB67D")
        assert.deepStrictEqual(
          (yield* deliveries).map(({ kind }) => kind),
          ["RaisedAndCleared"]
        )
      })
    )

    it.effect("a message that is refused is sent once more, in plain form", () =>
      Effect.gen(function* () {
        const { deliveries, post, room, world } = yield* own("plain")
        world.slack.script({ status: 400, body: "invalid_blocks" })
        yield* post("trigger")
        yield* room.told(1)
        const [message] = world.slack.messages.filter(({ url }) => url.endsWith("/plain"))
        assert.notProperty(message?.payload, "attachments")
        assert.strictEqual((yield* deliveries)[0]?.attempts, 2)
      })
    )

    it.effect("a redirect is not followed", () =>
      Effect.gen(function* () {
        const { broken, post, world } = yield* own("redirected")
        const elsewhere = world.hipChatGate.arrived()
        world.slack.script({ status: 307, headers: { location: `${world.hipChatUrl}/v2/room/stolen/notification` } })
        yield* post("trigger")
        assert.include((yield* broken).broken?.reason, "Misconfigured: HTTP 307")
        yield* until("HipChat's own message", () => world.hipChatGate.arrived() > elsewhere)
        assert.isFalse(world.hipChat.messages.some(({ url }) => url.includes("stolen")))
        assert.strictEqual(world.hipChatGate.arrived(), elsewhere + 1)
      })
    )
  })
})
