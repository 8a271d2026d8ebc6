import { assert, describe, it } from "@effect/vitest"
import {
  type ChannelPlugin,
  HttpClient,
  type HttpClientRequest,
  type Notification,
  RateLimited,
  showRequest
} from "@tocsin/core"
import { client } from "@tocsin/core/fakes"
import { ChannelPluginTest, samples } from "@tocsin/core/testing"
import { Slack } from "@tocsin/plugin-slack"
import { FakeSlack, messageOf, see, validate } from "@tocsin/plugin-slack/testing"
import { Duration, Effect, Exit, Redacted, Schema } from "effect"

const token = "xoxb-s3cr3t-t0ken-of-the-bot"

const settings = {
  authenticate: "bot",
  token,
  channel: "C012AB3CD",
  apiUrl: "https://slack-gov.com/api/",
  mention: { critical: "here" }
}

const { notifications } = samples

const payload = (request: HttpClientRequest.HttpClientRequest): unknown =>
  JSON.parse(showRequest(request, {}).body ?? "null")

const refusal =
  (error: string, more: object = {}, init: ResponseInit = {}) =>
  () =>
    Response.json({ ok: false, error, ...more }, init)

ChannelPluginTest.suite(Slack, {
  layer: Slack.layer,
  settings,
  secrets: [token],
  accepted: () => Response.json({ ok: true, channel: "C012AB3CD", ts: "1503435956.000247" }),
  refused: [
    [refusal("channel_not_found"), "DestinationGone"],
    [refusal("is_archived"), "DestinationGone"],
    [refusal("not_in_channel"), "Misconfigured"],
    [refusal("restricted_action_read_only_channel"), "Misconfigured"],
    [refusal("messages_tab_disabled"), "Misconfigured"],
    [refusal("something_new"), "Misconfigured"],
    [refusal("not_authed"), "Unauthorized"],
    [refusal("invalid_auth"), "Unauthorized"],
    [refusal("account_inactive"), "Unauthorized"],
    [refusal("token_revoked"), "Unauthorized"],
    [refusal("token_expired"), "Unauthorized"],
    [refusal("missing_scope", { needed: "chat:write", provided: "channels:read" }), "Unauthorized"],
    [refusal("invalid_auth", {}, { status: 403 }), "Unauthorized"],
    [refusal("cannot_reply_to_message"), "MessageGone"],
    [refusal("message_not_found"), "MessageGone"],
    [refusal("no_text"), "PayloadRejected"],
    [refusal("msg_too_long"), "PayloadRejected"],
    [refusal("msg_blocks_too_long"), "PayloadRejected"],
    [
      refusal("invalid_blocks", {
        response_metadata: { messages: ["must define `text` [json-pointer:/blocks/0/text]"] }
      }),
      "PayloadRejected"
    ],
    [refusal("internal_error"), "Unavailable"],
    [refusal("fatal_error"), "Unavailable"],
    [refusal("external_channel_migrating"), "Unavailable"],
    [refusal("service_unavailable", {}, { status: 503 }), "Unavailable"],
    [refusal("ratelimited"), new RateLimited({ detail: "" })],
    [
      refusal("ratelimited", {}, { status: 429, headers: { "retry-after": "30" } }),
      new RateLimited({ detail: "", retryAfter: Duration.seconds(30) })
    ],
    [refusal("rate_limited"), new RateLimited({ detail: "" })],
    [() => Response.json({ ok: true }), "Misconfigured"],
    [() => Response.json({ ok: true, ts: "1.2" }, { status: 202 }), "Misconfigured"],
    [() => new Response("ok"), "Misconfigured"],
    [() => new Response("<html>Sign in to the proxy</html>"), "Misconfigured"]
  ],
  idempotent: ({ url }) => url.endsWith("/chat.update"),
  validate: (request) => [
    ...validate(messageOf(payload(request)), { mentions: ["<!here>"] }),
    ...(/^https:\/\/slack-gov\.com\/api\/chat\.(?:postMessage|update)$/.test(request.url) ? [] : [request.url]),
    ...(request.headers["authorization"] === `Bearer ${token}` ? [] : ["no token"])
  ],
  read: (request) => see(payload(request)),
  fake: () => new FakeSlack({ authenticate: "bot" })
})

type OnClear = "update" | "thread" | "both" | "new"
type Messages = ReadonlyArray<ChannelPlugin.DeliveredMessage>

const bot = Effect.fnUntraced(function* (fake: FakeSlack, more: object = {}) {
  const settings = { ...fake.settings("https://slack.example"), ...more }
  return yield* Schema.decodeUnknownEffect(Schema.toCodecJson(Slack.settings))(settings)
})

const using =
  (fake: FakeSlack) =>
  <A, E>(effect: Effect.Effect<A, E, Slack>) =>
    effect.pipe(Effect.provide(Slack.layer), Effect.provideService(HttpClient.HttpClient, client(fake)))

let deliveries = 0

const deliver = (
  fake: FakeSlack,
  notification: Notification,
  {
    deliveryId = `delivery-${deliveries++}`,
    form = "rich",
    messages = [],
    onClear
  }: {
    readonly deliveryId?: string
    readonly form?: "rich" | "plain"
    readonly messages?: Messages
    readonly onClear?: OnClear | undefined
  } = {}
) =>
  Effect.gen(function* () {
    const slack = yield* Slack
    const decoded = yield* bot(fake, onClear && { onClear })
    const conversation = { id: "c", messages }
    return yield* slack.deliver(decoded, notification, { form, deliveryId, conversation })
  }).pipe(using(fake))

/** An alert that was raised and escalated. */
const escalated = Effect.fnUntraced(function* (fake: FakeSlack) {
  const raised = { kind: "Raised" as const, receipt: yield* deliver(fake, notifications.Raised) }
  const receipt = yield* deliver(fake, notifications.Escalated, { messages: [raised] })
  return [raised, { kind: "Escalated" as const, receipt }]
})

/** Each message: its first word, whether it replies and is shown in the channel, and how often it was updated. */
const shown = (fake: FakeSlack) => {
  const ids = [...fake.posted().keys()]
  return [...fake.posted().values()].map(({ isBroadcast, payload, threadTs, updates }) => {
    const [, word] = /"text":"(\w+)/.exec(JSON.stringify(see(payload))) ?? []
    const where = threadTs === undefined ? "posted" : `replies to ${ids.indexOf(threadTs)}`
    return `${word} ${where}${isBroadcast ? " in the channel" : ""}, updated ${updates}`
  })
}

const tsOf = (fake: FakeSlack, index: number) => [...fake.posted().keys()][index] ?? ""

describe("A Slack bot", () => {
  const updated = ["Cleared posted, updated 1", "Cleared replies to 0 in the channel, updated 1"]
  const untouched = ["Raised posted, updated 0", "Escalated replies to 0 in the channel, updated 0"]
  it.effect.each([
    [undefined, [...updated, "Cleared replies to 0, updated 0"]],
    ["both", [...updated, "Cleared replies to 0, updated 0"]],
    ["update", updated],
    ["thread", [...untouched, "Cleared replies to 0, updated 0"]],
    ["new", [...untouched, "Cleared posted, updated 0"]]
  ] as const)("on clear, %s leaves %j", ([onClear, expected]) =>
    Effect.gen(function* () {
      const fake = new FakeSlack({ authenticate: "bot" })
      const messages = yield* escalated(fake)
      yield* deliver(fake, notifications.Cleared, { messages, onClear })
      assert.deepStrictEqual(shown(fake), [...expected])
      const edits = fake.channels()[0]?.messages.filter(({ as }) => as === "edit")
      assert.lengthOf(edits ?? [], onClear === "thread" || onClear === "new" ? 0 : 2)
    })
  )

  it.effect("shows nothing of the rich message where its plain form updates it", () =>
    Effect.gen(function* () {
      const fake = new FakeSlack({ authenticate: "bot" })
      const messages = yield* escalated(fake)
      yield* deliver(fake, notifications.Cleared, { messages, onClear: "update", form: "plain" })
      for (const { payload } of fake.posted().values()) {
        assert.notProperty(payload, "blocks")
        assert.deepInclude(payload as object, { mrkdwn: false })
        assert.isUndefined(see(payload).accent)
      }
    })
  )

  it.effect("posts the clear as a new message where a person deleted the raise, and updates what is left", () =>
    Effect.gen(function* () {
      for (const onClear of ["both", "update"] as const) {
        const fake = new FakeSlack({ authenticate: "bot" })
        const messages = yield* escalated(fake)
        fake.delete(tsOf(fake, 0))
        yield* deliver(fake, notifications.Cleared, { messages, onClear })
        assert.deepStrictEqual(shown(fake), [
          "Cleared replies to -1 in the channel, updated 1",
          "Cleared posted, updated 0"
        ])
      }
      const fake = new FakeSlack({ authenticate: "bot" })
      const messages = yield* escalated(fake)
      fake.delete(tsOf(fake, 0))
      assert.include(
        String(yield* Effect.flip(deliver(fake, notifications.Cleared, { messages, onClear: "thread" }))),
        "message_not_found"
      )
    })
  )

  it.effect("replies all the same where a person deleted the escalation", () =>
    Effect.gen(function* () {
      const fake = new FakeSlack({ authenticate: "bot" })
      const messages = yield* escalated(fake)
      fake.delete(tsOf(fake, 1))
      yield* deliver(fake, notifications.Cleared, { messages })
      assert.deepStrictEqual(shown(fake), ["Cleared posted, updated 1", "Cleared replies to 0, updated 0"])
    })
  )

  it.effect("replies where the workspace lets nobody edit, also to update only", () =>
    Effect.gen(function* () {
      const fake = new FakeSlack({ authenticate: "bot" })
      const messages = [{ kind: "Raised" as const, receipt: yield* deliver(fake, notifications.Raised) }]
      fake.script({ status: 200, body: `{"ok":false,"error":"edit_window_closed"}` })
      yield* deliver(fake, notifications.Cleared, { messages, onClear: "update" })
      assert.deepStrictEqual(shown(fake), ["Raised posted, updated 0", "Cleared replies to 0, updated 0"])
    })
  )

  it.effect("lists the alerts of a digest in its thread, and not in the channel", () =>
    Effect.gen(function* () {
      const fake = new FakeSlack({ authenticate: "bot" })
      const receipt = yield* deliver(fake, notifications.Digest)
      yield* deliver(fake, notifications.DigestList, { form: "plain", messages: [{ kind: "Digest", receipt }] })
      assert.strictEqual(shown(fake).at(-1), "Alerts replies to 0, updated 0")
    })
  )

  it.effect("posts one reply for a clear that is attempted again after its answer was lost", () =>
    Effect.gen(function* () {
      const fake = new FakeSlack({ authenticate: "bot" })
      const messages = yield* escalated(fake)
      const clear = () => deliver(fake, notifications.Cleared, { messages, deliveryId: "the-clear" })
      const first = yield* clear()
      assert.deepStrictEqual(yield* clear(), first)
      assert.lengthOf(shown(fake), 3)
    })
  )

  it.effect.each([["duplicate_message_not_found"], ["duplicate_channel_not_found"]])(
    "posts the message where Slack knows its id and has no message: %s",
    ([error]) =>
      Effect.gen(function* () {
        const fake = new FakeSlack({ authenticate: "bot" })
        fake.script({ status: 200, body: JSON.stringify({ ok: false, error }) })
        const { data } = yield* deliver(fake, notifications.Raised)
        assert.deepStrictEqual(shown(fake), ["Raised posted, updated 0"])
        assert.deepInclude(data, { ts: tsOf(fake, 0) })
      })
  )

  it.effect.each([["https://u:s3cr3t@slack.com/api"], ["https://slack.com/api?x=1"], ["https://slack.com/api#x"]])(
    "refuses an API URL to which no method can be appended, or that has a password: %s",
    ([apiUrl]) =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(bot(new FakeSlack({ authenticate: "bot" }), { apiUrl }))
        assert.include(String(error), "a URL without a user, a password, a query or a fragment")
      })
  )

  it.effect("posts no reply before every message is updated", () =>
    Effect.gen(function* () {
      const fake = new FakeSlack({ authenticate: "bot" })
      const messages = yield* escalated(fake)
      fake.script({ status: 200, body: `{"ok":true}` }, { status: 500, body: "" })
      const clear = () => deliver(fake, notifications.Cleared, { messages, deliveryId: "the-clear" })
      assert.include(String(yield* Effect.flip(clear())), "HTTP 500")
      assert.lengthOf(shown(fake), 2)
      yield* clear()
      assert.deepStrictEqual(shown(fake), [...updated, "Cleared replies to 0, updated 0"])
    })
  )

  it.effect("updates at most four messages by a clear, however many reminders there were", () =>
    Effect.gen(function* () {
      const fake = new FakeSlack({ authenticate: "bot" })
      const messages: Array<ChannelPlugin.DeliveredMessage> = []
      for (let n = 0; n < 20; n++) {
        messages.push({ kind: n === 0 ? "Raised" : "Reminder", receipt: yield* deliver(fake, notifications.Raised) })
      }
      yield* deliver(fake, notifications.Cleared, { messages })
      const changed = [...fake.posted().values()].flatMap(({ updates }, n) => (updates > 0 ? [n] : []))
      assert.deepStrictEqual(changed, [0, 17, 18, 19])
      assert.lengthOf(shown(fake), 21)
    })
  )

  it.effect("posts to a channel by its name, and updates it by its id", () =>
    Effect.gen(function* () {
      const fake = new FakeSlack({ authenticate: "bot" })
      yield* Effect.gen(function* () {
        const slack = yield* Slack
        const settings = yield* bot(fake, { channel: "#ops" })
        const options = { form: "rich", deliveryId: "d1" } as const
        const receipt = yield* slack.deliver(settings, notifications.Raised, options)
        const conversation = { id: "c", messages: [{ kind: "Raised" as const, receipt }] }
        yield* slack.deliver(settings, notifications.Cleared, { ...options, deliveryId: "d2", conversation })
        assert.isTrue(Exit.isSuccess(yield* Effect.exit(slack.verify!(settings)!)))
      }).pipe(using(fake))
      assert.deepStrictEqual(shown(fake), ["Cleared posted, updated 1", "Cleared replies to 0, updated 0"])
    })
  )

  it.effect.each([
    [{ ok: true, channel: { is_member: true } }, "chat:write", undefined],
    [{ ok: true, channel: { is_member: false } }, "chat:write,chat:write.public", undefined],
    [{ ok: true, channel: { is_member: false } }, "chat:write,channels:read", "not_in_channel"],
    [{ ok: true, channel: { is_archived: true } }, "chat:write,chat:write.public", "is_archived"],
    [{ ok: false, error: "channel_not_found" }, "chat:write", "channel_not_found"],
    [{ ok: false, error: "token_revoked" }, "", "token_revoked"],
    [{ ok: false, error: "missing_scope", needed: "channels:read" }, "chat:write", undefined]
  ] as const)("verifies the channel: %j with %s", ([body, scopes, problem]) =>
    Effect.gen(function* () {
      const fake = new FakeSlack({ authenticate: "bot" })
      fake.script({ status: 200, headers: { "x-oauth-scopes": scopes }, body: JSON.stringify(body) })
      const exit = yield* Effect.gen(function* () {
        const slack = yield* Slack
        return yield* Effect.exit(slack.verify!(yield* bot(fake))!)
      }).pipe(using(fake))
      assert.strictEqual(Exit.isSuccess(exit), problem === undefined, String(exit))
      if (problem !== undefined) assert.include(String(exit), problem)
    })
  )

  it.effect("names the scope that is missing", () =>
    Effect.gen(function* () {
      const fake = new FakeSlack({ authenticate: "bot" })
      fake.script({ status: 200, body: `{"ok":false,"error":"missing_scope","needed":"chat:write:bot"}` })
      const error = yield* Effect.flip(deliver(fake, notifications.Raised))
      assert.include(String(error), "the app needs the scope chat:write:bot")
    })
  )

  it.effect("has Slack's limit of a channel, and one of all channels of its token", () =>
    Effect.gen(function* () {
      const fake = new FakeSlack({ authenticate: "bot" })
      const [channel, all] = Slack.rateLimits(yield* bot(fake))
      assert.deepStrictEqual(channel?.key, Redacted.make("xoxb-fake-token C00000000"))
      assert.strictEqual((channel?.messages ?? 0) / (channel?.perSeconds ?? 1), 1)
      assert.deepStrictEqual(all?.key, Redacted.make("xoxb-fake-token"))
    })
  )
})
