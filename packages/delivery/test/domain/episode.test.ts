import { assert, describe, it } from "@effect/vitest"
import { type AlertEvent, AlertId } from "@tocsin/core"
import { DateTime, Schema } from "effect"
import { type Episode, applyEvent } from "../../src/domain/episode.ts"
import { event, time } from "../harness/engine.ts"

const now = time("2026-06-01T00:00:00Z")
const at = (hour: number) => time(`2026-01-01T${String(hour).padStart(2, "0")}:00:00Z`)

const raisedAt = (hour: number, changes: Partial<AlertEvent> = {}) => event("a", { startedAt: at(hour), ...changes })
const clearedAt = (hour: number | undefined, changes: Partial<AlertEvent> = {}) =>
  event("a", { state: "cleared", startedAt: at(1), ...(hour !== undefined && { clearedAt: at(hour) }), ...changes })

/** Plays events one after the other, and gives each verdict and the last episode. */
const play = (...events: ReadonlyArray<AlertEvent>) => {
  let episode: Episode | undefined
  let ids = 0
  const verdicts = events.map((event) => {
    const hash = JSON.stringify(event)
    const verdict = applyEvent(episode, event, { hash, newId: AlertId.make(`id${++ids}`), now })
    if ("clearTimeStated" in verdict) {
      const { alert, clearTimeStated } = verdict
      episode = { alert, clearTimeStated, lastHash: hash, raisedHere: verdict._tag !== "NeverRaised" }
    }
    return verdict._tag
  })
  return { verdicts, alert: episode?.alert }
}

describe("applyEvent", () => {
  const table: ReadonlyArray<readonly [name: string, events: ReadonlyArray<AlertEvent>, verdicts: string]> = [
    ["a raise opens, a clear closes", [raisedAt(1), clearedAt(2)], "Opened Cleared"],
    ["I2: a raise after a clear opens the next", [raisedAt(1), clearedAt(2), raisedAt(3)], "Opened Cleared Opened"],
    [
      "I2: unless the source uses an id once",
      [raisedAt(1, { reusesId: false }), clearedAt(2, { reusesId: false }), raisedAt(3, { reusesId: false })],
      "Opened Cleared Late"
    ],
    ["I3: a raise that began no later is late", [raisedAt(1), clearedAt(2), raisedAt(1)], "Opened Cleared Late"],
    ["I3: a raise long before the clear is late", [raisedAt(1), clearedAt(3), raisedAt(2)], "Opened Cleared Late"],
    [
      "I3: a raise up to 60 seconds before the clear opens, because clocks differ",
      [raisedAt(1), clearedAt(2), raisedAt(2, { startedAt: time("2026-01-01T01:59:00Z") })],
      "Opened Cleared Opened"
    ],
    [
      "I3: a raise more than 60 seconds before the clear is late",
      [raisedAt(1), clearedAt(2), raisedAt(2, { startedAt: time("2026-01-01T01:58:59.999Z") })],
      "Opened Cleared Late"
    ],
    [
      "I3: a raise that began no later is late, however short the cleared episode was",
      [
        raisedAt(2),
        clearedAt(2),
        raisedAt(2, { startedAt: time("2026-01-01T01:59:30Z") }),
        raisedAt(2, { summary: "b" })
      ],
      "Opened Cleared Late Late"
    ],
    ["I3: a raise at the time of the clear opens", [raisedAt(1), clearedAt(2), raisedAt(2)], "Opened Cleared Opened"],
    ["I3: a clear before the open episode is late", [raisedAt(3), clearedAt(2)], "Opened Late"],
    [
      "I3: but never where an id is used once",
      [raisedAt(3, { reusesId: false }), clearedAt(2, { reusesId: false })],
      "Opened Cleared"
    ],
    [
      "I3: a clear up to 60 seconds before the start that it names closes it, because clocks differ",
      [raisedAt(2), clearedAt(2, { startedAt: at(2), clearedAt: time("2026-01-01T01:59:00Z") })],
      "Opened Cleared"
    ],
    [
      "I3: a clear more than 60 seconds before the start that it names is late",
      [raisedAt(2), clearedAt(2, { startedAt: at(2), clearedAt: time("2026-01-01T01:58:59.999Z") })],
      "Opened Late"
    ],
    [
      "I3: a clear that names another start is late a second before the open episode, since it is of an earlier one",
      [raisedAt(2), clearedAt(2, { startedAt: at(1), clearedAt: time("2026-01-01T01:59:59Z") })],
      "Opened Late"
    ],
    ["I3: a clear at its start closes it", [raisedAt(3), clearedAt(3)], "Opened Cleared"],
    [
      "I3: a clear closes whatever start it carries",
      [raisedAt(3), clearedAt(4, { startedAt: at(9) })],
      "Opened Cleared"
    ],
    [
      "I3: after a clear without a time the same start is late",
      [raisedAt(1), clearedAt(undefined), raisedAt(1)],
      "Opened Cleared Late"
    ],
    ["I3: and any other opens", [raisedAt(2), clearedAt(undefined), raisedAt(1)], "Opened Cleared Opened"],
    ["I3: among raises nothing is late", [raisedAt(3), raisedAt(1, { summary: "b" })], "Opened Updated"],
    ["I4: a clear of what was never raised is remembered", [clearedAt(2), raisedAt(1)], "NeverRaised Late"],
    ["I4: and a later raise opens", [clearedAt(2), raisedAt(3)], "NeverRaised Opened"],
    [
      "I5: the same again is a duplicate",
      [raisedAt(1), raisedAt(1), clearedAt(2), clearedAt(2)],
      "Opened Duplicate Cleared Duplicate"
    ],
    ["I5: with an eventId of its own it is news", [raisedAt(1), raisedAt(1, { eventId: "e" })], "Opened Updated"],
    [
      "I5: with an eventId that is no longer kept it is a duplicate",
      [raisedAt(1, { eventId: "e" }), raisedAt(1, { eventId: "e" })],
      "Opened Duplicate"
    ],
    ["I6: a changed raise updates", [raisedAt(1), raisedAt(1, { severity: "critical" })], "Opened Updated"]
  ]
  it.each(table)("%s", (_, events, verdicts) => {
    assert.strictEqual(play(...events).verdicts.join(" "), verdicts)
  })

  it("keeps the earliest start, with its view, and the rest of the last raise", () => {
    const { alert } = play(
      raisedAt(1, { links: { started: new URL("https://x.example/1") } }),
      raisedAt(2, { severity: "critical", links: { started: new URL("https://x.example/2") } })
    )
    assert.deepStrictEqual(alert?.startedAt, at(1))
    assert.strictEqual(alert?.links.started?.href, "https://x.example/1")
    assert.strictEqual(alert?.severity, "critical")
  })

  it("uses an earlier start that arrives later, with its view", () => {
    const { alert } = play(
      raisedAt(2, { links: { started: new URL("https://x.example/2") } }),
      raisedAt(1, { links: { started: new URL("https://x.example/1") } })
    )
    assert.deepStrictEqual(alert?.startedAt, at(1))
    assert.strictEqual(alert?.links.started?.href, "https://x.example/1")
  })

  it("keeps fields of the raise that the clear omits", () => {
    const { alert } = play(
      raisedAt(1, { severity: "critical", summary: "down", observations: [{ name: "n", atStart: "500" }] }),
      clearedAt(2, { severity: "major", observations: [{ name: "n", atEnd: "200" }] })
    )
    assert.strictEqual(alert?.severity, "critical")
    assert.strictEqual(alert?.summary, "down")
    assert.deepStrictEqual(alert?.observations, [{ name: "n", atStart: "500", atEnd: "200" }])
  })

  it("uses the time of arrival for a clear without a time", () => {
    assert.deepStrictEqual(play(raisedAt(1), clearedAt(undefined)).alert?.clearedAt, now)
  })

  const steps = Schema.Array(
    Schema.Struct({
      isRaise: Schema.Boolean,
      start: Schema.Literals([1, 2, 3, 4]),
      end: Schema.Literals([0, 2, 3, 4]),
      summary: Schema.Literals(["x", "y"])
    })
  )
  const played = (events: typeof steps.Type, reusesId: boolean) =>
    events.map(({ end, isRaise, start, summary }) =>
      isRaise
        ? raisedAt(start, { reusesId, summary })
        : clearedAt(end === 0 ? undefined : end, { reusesId, startedAt: at(start) })
    )

  it.prop(
    "opens the next episode while the clocks of a source differ by up to 60 seconds (I3)",
    [Schema.Int.check(Schema.isBetween({ minimum: -60, maximum: 60 })), Schema.Natural],
    ([ahead, lasted]) => {
      const seconds = (second: number) => DateTime.add(at(1), { seconds: second })
      const clear = clearedAt(undefined, { clearedAt: seconds(Math.max(0, lasted + ahead)) })
      const next = raisedAt(1, { startedAt: seconds(lasted + 1) })
      assert.deepStrictEqual(play(raisedAt(1), clear, next).verdicts, ["Opened", "Cleared", "Opened"])
    }
  )

  it.prop("never opens an open alert, nor closes a closed one", [steps], ([events]) => {
    let isOpen = false
    for (const verdict of play(...played(events, true)).verdicts) {
      if (verdict === "Opened") assert.isFalse(isOpen)
      if (verdict === "Updated" || verdict === "Cleared") assert.isTrue(isOpen)
      if (verdict === "NeverRaised") assert.isFalse(isOpen)
      if (verdict === "Opened") isOpen = true
      if (verdict === "Cleared") isOpen = false
    }
  })

  it.prop("opens an alert at most once where ids are used once", [steps], ([events]) => {
    const opened = play(...played(events, false)).verdicts.filter((verdict) => verdict === "Opened")
    assert.isAtMost(opened.length, 1)
  })
})
