/**
 * Raises an alert of the source `tocsin` when nothing came from a configured source for as long as its `expectEvery`, and
 * clears it when something comes. The time before this gateway was available does not count: meanwhile nothing could come.
 *
 * Every gateway checks. The ids of the events are made of what is stored, so that all gateways raise one alert.
 */
import type { AlertEvent } from "@tocsin/core"
import { Clock, DateTime, Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { heardPause, Sources } from "../config/Sources.ts"
import type { ConfiguredSource } from "../config/sourceRow.ts"
import { GroupCommit } from "../sql/GroupCommit.ts"
import { ignoreLogged } from "../sql/StoreUnavailable.ts"
import { Intake } from "./Intake.ts"

/** The source of Tocsin's own alerts. */
const ownSource = "tocsin"

const prefix = "quiet-source:"

/**
 * Checks every 30 seconds, for as long as the layer lives. While no source is expected to send, only after an edit, and
 * every ten minutes, because another gateway may have edited a source and be gone.
 */
export const layer: Layer.Layer<never, never, GroupCommit | SqlClient.SqlClient | Sources | Intake> =
  Layer.effectDiscard(
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const groupCommit = yield* GroupCommit
      const sources = yield* Sources
      const intake = yield* Intake

      const raised = groupCommit.read(
        sql<{ source_id: string; started_at: number }>`SELECT source_id, started_at FROM alerts
          WHERE source = ${ownSource} AND state = 'raised' AND source_id >= ${prefix} AND source_id < ${`${prefix}~`}`
      )

      let isExpected = true
      const check = Effect.gen(function* () {
        isExpected = true
        const expected = new Map((yield* sources.list).flatMap((source) => expectationOf(source)))
        const open = new Map(
          (yield* raised).map(({ source_id, started_at }) => [source_id.slice(prefix.length), started_at])
        )
        isExpected = expected.size + open.size > 0
        if (!isExpected) return
        const now = yield* Clock.currentTimeMillis
        const events: Array<AlertEvent> = []
        for (const [name, { every, since }] of expected) {
          const silentFor = now - Math.max(since, groupCommit.availableSince())
          // A request may have come this much later than is written.
          if (!open.has(name) && silentFor >= every + heardPause) events.push(quiet(name, since, every))
        }
        for (const [name, startedAt] of open) {
          const source = expected.get(name)
          // A source that is no longer expected cannot be quiet.
          if (source === undefined) events.push(heard(name, startedAt, now))
          else if (source.since > startedAt) events.push(heard(name, startedAt, source.since))
        }
        if (events.length > 0) yield* intake.accept(events)
      })

      const untilNext = Effect.suspend(() =>
        isExpected
          ? Effect.sleep("30 seconds")
          : Effect.andThen(Effect.raceFirst(sources.edited.await, Effect.sleep("10 minutes")), sources.edited.close)
      )

      yield* check.pipe(
        ignoreLogged("Checking for quiet sources failed; retrying in 30 seconds."),
        Effect.andThen(untilNext),
        Effect.forever,
        Effect.forkScoped
      )
    })
  )

/** How often something must come, in milliseconds, and since when nothing did, in epoch milliseconds. */
const expectationOf = ({ lastHeardAt = 0, name, options, updatedAt }: ConfiguredSource) =>
  options.expectEvery === undefined
    ? []
    : [[name, { every: options.expectEvery * 1000, since: Math.max(lastHeardAt, updatedAt) }] as const]

const own = (name: string, startedAt: number) => ({
  source: ownSource,
  sourceId: `${prefix}${name}`,
  rule: { name: "A source is quiet" },
  test: { name },
  severity: "major" as const,
  labels: { source: name },
  links: {},
  observations: [],
  observationsOmitted: 0,
  startedAt: DateTime.makeUnsafe(startedAt),
  reusesId: true
})

const quiet = (name: string, since: number, every: number): AlertEvent => ({
  ...own(name, since + every),
  eventId: `${prefix}${name}:${since}`,
  state: "raised",
  summary: `Nothing came from the source ${name} since ${new Date(since).toISOString()}. Something is expected every ${every / 1000} seconds.`
})

const heard = (name: string, startedAt: number, at: number): AlertEvent => ({
  ...own(name, startedAt),
  eventId: `${prefix}${name}:heard:${at}`,
  state: "cleared",
  clearedAt: DateTime.makeUnsafe(at)
})
