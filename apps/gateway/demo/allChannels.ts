/**
 * The tour of all channels: one alert, raised, escalated and cleared through each of them at once, by the real gateway with
 * every channel's own rate limit.
 */
import { Api } from "@tocsin/client"
import { IntegrationId, type Preview } from "@tocsin/core"
import { FakeServer, type FakeService, spansText } from "@tocsin/core/fakes"
import { Console, Data, Effect, Schedule } from "effect"
import { HttpApiClient } from "effect/http-api"
import { builtIn } from "../src/startup/Plugins.ts"
import { fakes, slackBot } from "./fakes.ts"

class ChannelsFailed extends Data.TaggedError("ChannelsFailed")<{ readonly message: string }> {}

/** Runs the tour at a gateway; fails unless each channel received all three messages, and each delivery is delivered. */
export const allChannels = Effect.fnUntraced(function* (gatewayUrl: string) {
  const api = yield* HttpApiClient.make(Api, { baseUrl: gatewayUrl })
  const channels = [slackBot]
  for (const { title, type } of builtIn) {
    const fake = fakes[type]
    if (fake === undefined) return yield* new ChannelsFailed({ message: `There is no fake of ${title}` })
    channels.push({ id: type, title, type, fake })
  }
  for (const { fake, id, title, type } of channels) {
    const { origin, settings } = yield* FakeServer.serveFake(fake)
    yield* api.integrations.create({
      payload: { id: IntegrationId.make(id), name: title, type, settings }
    })
    yield* Console.log(`${title}: ${origin}/`)
  }
  const integrations = channels.map(({ id }) => IntegrationId.make(id))
  yield* api.rules.create({ payload: { name: "All", match: {}, integrations, notifyOnClear: true } })

  const alert = {
    source: "demo",
    id: "1",
    startedAt: "2026-01-15T02:00:00Z",
    rule: { name: "Disk full" },
    test: { name: "db-1", targets: ["db-1.example.com"] },
    summary: "Only 2 % of /var is free."
  } as const
  const steps = [
    { ...alert, state: "raised", severity: "major" },
    { ...alert, state: "raised", severity: "critical" },
    { ...alert, state: "cleared", severity: "critical", clearedAt: "2026-01-15T02:10:00Z" }
  ] as const
  for (const [n, payload] of steps.entries()) {
    yield* api.alerts.post({ payload })
    yield* received(channels, n + 1)
  }

  for (const { fake, title } of channels) {
    for (const { messages, name } of fake.channels()) {
      yield* Console.log(`\n=== ${title}, ${name}`)
      for (const { as, preview } of messages) {
        yield* Console.log(`\n${as === undefined ? "" : `(${entries[as]}) `}${previewText(preview)}`)
      }
    }
  }
  yield* Effect.retry(
    Effect.gen(function* () {
      const { items } = yield* api.deliveries.list({ query: { limit: 500 } })
      if (items.length !== steps.length * channels.length || items.some(({ status }) => status !== "delivered")) {
        return yield* new ChannelsFailed({ message: "Not every delivery is delivered" })
      }
    }),
    often
  )
  yield* Console.log(`\nAll ${channels.length} channels received the raise, the escalation and the clear.`)
})

/** Waits up to a minute until every channel has received this many messages. */
const received = (channels: ReadonlyArray<{ readonly title: string; readonly fake: FakeService }>, count: number) =>
  Effect.suspend(() => {
    const late = channels.filter(({ fake }) => fake.messages.length < count)
    return late.length === 0
      ? Effect.void
      : new ChannelsFailed({
          message: `Message ${count} did not arrive at ${late.map(({ title }) => title).join(", ")}`
        })
  }).pipe(Effect.retry(often))

/** For a minute. */
const often = { schedule: Schedule.spaced("50 millis"), times: 1200 }

const entries = { edit: "an earlier message, edited", reply: "a reply" } as const

const previewText = ({ blocks }: Preview.Preview): string => blocks.flatMap(lines).join("\n")

const lines = (block: Preview.Block): ReadonlyArray<string> => {
  switch (block._tag) {
    case "Facts":
      return block.facts.map(({ label, spans }) => `${label}: ${spansText(spans)}`)
    case "List":
      return [...(block.title === undefined ? [] : [block.title]), ...block.items.map((item) => `• ${spansText(item)}`)]
    case "Code":
      return [block.text]
    case "Rule":
      return ["─".repeat(40)]
    default:
      return [spansText(block.spans)]
  }
}
