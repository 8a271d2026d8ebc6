/**
 * A Slack channel and a HipChat room, a rule that routes alerts to both, and the messages that both received.
 */
import { assert } from "@effect/vitest"
import { type FakeHipChat, show as showHipChat } from "@tocsin/plugin-hipchat/testing"
import { type FakeSlack, show as showSlack } from "@tocsin/plugin-slack/testing"
import { Effect, Schema } from "effect"
import type { HttpClientError } from "effect/http"
import { until } from "./gate.ts"
import type { Request } from "./request.ts"

/** The auth token of every HipChat integration in the tests. */
export const hipChatToken = "the-rooms-auth-token"

/** The gateway and the fakes of both services. */
export interface Services {
  readonly slack: FakeSlack
  readonly slackUrl: string
  readonly hipChat: FakeHipChat
  readonly hipChatUrl: string
  readonly request: Request
}

/** The rule, and further fields of the integrations. */
export interface ChannelsOptions {
  readonly match: { readonly [name: string]: unknown }
  readonly notifyOnClear?: boolean
  /** Fields of both integrations, such as `limits`. */
  readonly integration?: { readonly [name: string]: unknown }
}

/** One message, as each of the two channels received it. */
export interface Received {
  readonly slack: { readonly color: string | undefined; readonly text: string; readonly shown: string }
  readonly hipChat: { readonly color: string; readonly notify: boolean; readonly shown: string }
}

/** A channel in each service. */
export interface Channels {
  /** The ids of its integrations. */
  readonly integrations: { readonly slack: string; readonly hipChat: string }
  /** The rule's body, for a test that edits the rule. */
  readonly rule: { readonly [name: string]: unknown }
  /** Waits until both channels received this many messages about alerts, and fails if they receive more. */
  readonly received: (count: number) => Effect.Effect<ReadonlyArray<Received>, HttpClientError.HttpClientError>
}

/** A rate limit that delays nothing. */
export const fast = { messages: 1000, perSeconds: 1, burst: 1000 }

/** Creates the integrations and the rule; no harness may use an id twice. */
export const makeChannels = (
  { hipChat, hipChatUrl, request, slack, slackUrl }: Services,
  id: string,
  { integration, match, notifyOnClear = true }: ChannelsOptions
): Effect.Effect<Channels, HttpClientError.HttpClientError> =>
  Effect.gen(function* () {
    const created = Effect.fnUntraced(function* (path: string, body: { readonly [name: string]: unknown }) {
      const { status, text } = yield* request("POST", path, body)
      assert.strictEqual(status, 201, text)
    })
    const integrations = { slack: `${id}-slack`, hipChat: `${id}-hipchat` }
    const slackPath = `/services/T0/B0/${id}`
    const hipChatPath = `/v2/room/${id}/notification`
    yield* created("/v1/integrations", {
      id: integrations.slack,
      name: id,
      type: "slack",
      limits: fast,
      ...integration,
      settings: { url: `${slackUrl}${slackPath}` }
    })
    yield* created("/v1/integrations", {
      id: integrations.hipChat,
      name: id,
      type: "hipchat",
      limits: fast,
      ...integration,
      settings: {
        url: `${hipChatUrl}${hipChatPath}`,
        authToken: hipChatToken
      }
    })
    const rule = { id, name: id, match, integrations: Object.values(integrations), notifyOnClear }
    yield* created("/v1/rules", rule)
    yield* created("/v1/rules", {
      id: `${id}-fence`,
      name: "Fence",
      match: { source: `fence-${id}` },
      integrations: Object.values(integrations)
    })

    const all = () => ({
      slack: slack.messages.filter(({ url }) => url === slackPath).map(({ payload }) => slackMessage(payload)),
      hipChat: hipChat.messages.filter(({ url }) => url === hipChatPath).map(({ payload }) => hipChatMessage(payload))
    })
    const ofAlerts = <M extends { readonly shown: string }>(messages: ReadonlyArray<M>) =>
      messages.filter(({ shown }) => !shown.includes(`fence-${id} alert`))
    let fences = 0

    /** Waits until both channels received a new alert: a lane keeps its order, so all deliveries before it were sent. */
    const fence = Effect.gen(function* () {
      const sourceId = `fence${++fences}.`
      yield* request("POST", "/v1/alerts", {
        source: `fence-${id}`,
        id: sourceId,
        state: "raised",
        startedAt: "2026-01-01T00:00:00Z",
        rule: { name: "Fence" }
      })
      const isReceived = ({ shown }: { readonly shown: string }) => shown.includes(sourceId)
      yield* until("the fence", () => all().slack.some(isReceived) && all().hipChat.some(isReceived))
    })

    const received = Effect.fnUntraced(function* (count: number) {
      yield* until(
        `${count} messages in ${id}`,
        () => ofAlerts(all().slack).length >= count && ofAlerts(all().hipChat).length >= count
      )
      yield* fence
      const slack = ofAlerts(all().slack)
      const hipChat = ofAlerts(all().hipChat)
      assert.lengthOf(slack, count, slack.map(({ shown }) => shown).join("\n\n"))
      assert.lengthOf(hipChat, count, hipChat.map(({ shown }) => shown).join("\n\n"))
      return slack.flatMap((slack, n) => hipChat.slice(n, n + 1).map((hipChat) => ({ slack, hipChat })))
    })
    return { integrations, rule, received }
  })

const slackMessage = (payload: unknown) => {
  const { attachments, text } = Schema.decodeUnknownSync(SlackPayload)(payload)
  return { color: attachments?.[0]?.color, text, shown: showSlack(payload) }
}

const hipChatMessage = (payload: unknown) => ({
  ...Schema.decodeUnknownSync(HipChatPayload)(payload),
  shown: showHipChat(payload)
})

const SlackPayload = Schema.Struct({
  text: Schema.String,
  attachments: Schema.optionalKey(Schema.Array(Schema.Struct({ color: Schema.String })))
})

const HipChatPayload = Schema.Struct({ color: Schema.String, notify: Schema.Boolean })
