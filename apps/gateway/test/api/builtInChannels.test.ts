/**
 * One alert, raised, escalated and cleared through the channels that have no harness of their own, by a real gateway.
 */
import { assert, describe, it } from "@effect/vitest"
import { Delivery } from "@tocsin/client"
import { FakeServer } from "@tocsin/core/fakes"
import { FakeDiscord, see as seeDiscord } from "@tocsin/plugin-discord/testing"
import { FakeEmail } from "@tocsin/plugin-email/testing"
import { FakeGoogleChat, see as seeGoogleChat } from "@tocsin/plugin-google-chat/testing"
import { FakeMattermost } from "@tocsin/plugin-mattermost/testing"
import { FakeNtfy } from "@tocsin/plugin-ntfy/testing"
import { FakePagerDuty } from "@tocsin/plugin-pagerduty/testing"
import { FakeTeams, see as seeTeams } from "@tocsin/plugin-teams/testing"
import { FakeTelegram, see as seeTelegram } from "@tocsin/plugin-telegram/testing"
import { FakeApprise } from "@tocsin/plugin-apprise/testing"
import { FakeWebex } from "@tocsin/plugin-webex/testing"
import { FakeWebhook } from "@tocsin/plugin-webhook/testing"
import { Effect, Schema } from "effect"
import { readFileSync } from "node:fs"
import { fast } from "../harness/channels.ts"
import { eventually, until } from "../harness/gate.ts"
import { makeInProcess } from "../harness/gateway.ts"

const Deliveries = Schema.Struct({ items: Schema.Array(Delivery) })

const Typed = Schema.Struct({ type: Schema.String, data: Schema.Struct({ conversation: Schema.String }) })

const secrets = [
  "fake-token",
  "fake-key",
  "fake-signature",
  "tk_fake",
  "whsec_ZmFrZS1zZWNyZXQ",
  "FAKE0000000000000000000000000000"
]

describe("The channels that every gateway has", () => {
  it.live("deliver a raise, its escalation and its clear, each in its own way, and print no secret", () =>
    Effect.gen(function* () {
      const harness = yield* makeInProcess()
      const { request } = harness
      const fakes = {
        webhook: new FakeWebhook(),
        pagerduty: new FakePagerDuty(),
        discord: new FakeDiscord(),
        mattermost: new FakeMattermost(),
        ntfy: new FakeNtfy(),
        telegram: new FakeTelegram(),
        teams: new FakeTeams(),
        "google-chat": new FakeGoogleChat(),
        webex: new FakeWebex(),
        apprise: new FakeApprise(),
        email: new FakeEmail()
      }
      for (const [type, fake] of Object.entries(fakes)) {
        const { settings } = yield* FakeServer.serveFake(fake)
        const created = yield* request("POST", "/v1/integrations", {
          id: type,
          name: type,
          type,
          settings,
          limits: fast
        })
        assert.strictEqual(created.status, 201, created.text)
      }
      const integrations = Object.keys(fakes)
      yield* request("POST", "/v1/rules", { name: "All", match: {}, integrations, notifyOnClear: true })

      const report = Effect.fnUntraced(function* (n: number, alert: { readonly [field: string]: string }) {
        const body = {
          source: "curl",
          id: "1",
          startedAt: "2026-01-15T02:00:00Z",
          rule: { name: "Disk full" },
          ...alert
        }
        const posted = yield* request("POST", "/v1/alerts", body)
        assert.isBelow(posted.status, 300, posted.text)
        yield* until(`message ${n}`, () => Object.values(fakes).every(({ messages }) => messages.length >= n))
      })
      yield* report(1, { state: "raised", severity: "major" })
      yield* report(2, { state: "raised", severity: "critical" })
      yield* report(3, { state: "cleared", severity: "critical", clearedAt: "2026-01-15T02:10:00Z" })

      const bodies = fakes.webhook.messages.map(({ payload }) => Schema.decodeUnknownSync(Typed)(payload))
      assert.deepStrictEqual(
        bodies.map(({ type }) => type),
        ["alert.raised", "alert.escalated", "alert.cleared"]
      )
      assert.lengthOf(new Set(bodies.map(({ data }) => data.conversation)), 1)
      assert.deepStrictEqual(
        fakes.pagerduty.incidents().map(({ status, triggers }) => [status, triggers]),
        [["resolved", 2]]
      )
      for (const message of fakes.discord.posted().values()) {
        assert.include(JSON.stringify(seeDiscord(message)), "Cleared: Disk full")
      }
      assert.deepStrictEqual(
        [...fakes.telegram.posted().values()].map(({ replyTo }) => replyTo),
        [undefined, 1, 1]
      )
      for (const { body } of fakes.telegram.posted().values()) {
        assert.include(JSON.stringify(seeTelegram(body)), "Cleared: Disk full")
      }

      const headlines = ["Raised: Disk full", "Escalated to critical: Disk full", "Cleared: Disk full"]
      for (const [n, headline] of headlines.entries()) {
        assert.include(JSON.stringify(seeTeams(fakes.teams.messages[n]?.payload).blocks[0]), headline)
        assert.include(JSON.stringify(seeGoogleChat(fakes["google-chat"].messages[n]?.payload).blocks[0]), headline)
      }
      assert.lengthOf(new Set(fakes["google-chat"].posted().map(({ thread }) => thread)), 1)
      assert.deepStrictEqual(
        [...fakes.webex.posted().values()].map(({ parentId }) => parentId),
        [undefined, "message-1", "message-1"]
      )

      // A person deletes what a clear would edit: it is posted as a new message.
      yield* report(4, { id: "2", state: "raised", severity: "major" })
      const deleted = { discord: [...fakes.discord.posted()].at(-1)!, telegram: [...fakes.telegram.posted()].at(-1)! }
      fakes.discord.delete(deleted.discord[0])
      fakes.telegram.delete(deleted.telegram[0])
      fakes.webex.delete([...fakes.webex.posted().keys()].at(-1)!)
      yield* report(5, { id: "2", state: "cleared", severity: "major", clearedAt: "2026-01-15T02:10:00Z" })
      assert.lengthOf([...fakes.discord.posted()], 4)
      assert.lengthOf([...fakes.telegram.posted()], 4)
      assert.isUndefined([...fakes.webex.posted().values()].at(-1)?.parentId)

      const deliveries = Effect.map(request("GET", "/v1/deliveries?limit=500"), ({ as }) => as(Deliveries).items)
      const items = yield* eventually("the end of every delivery", deliveries, (items) =>
        items.every(({ status }) => status === "delivered")
      )
      assert.lengthOf(items, 5 * integrations.length)
      yield* request("GET", "/v1/integrations")
      const places = [
        ...harness.answers,
        harness.gateway().printed(),
        ...["", "-wal"].map((suffix) => readFileSync(`${harness.database}${suffix}`, "latin1"))
      ]
      for (const secret of secrets) assert.isFalse(places.join("\n").includes(secret), secret)
    }).pipe(Effect.scoped)
  )
})
