/** Takes away what a failing script does not need. */
import { Effect } from "effect"
import type { Script, Step } from "./Script.ts"

/** Runs are cheap, but a person waits. */
const maxRuns = 500

/** The shortest script found that still fails: steps are left out, many at once at first, and then single events. */
export const shrink = Effect.fnUntraced(function* (script: Script, fails: (script: Script) => Effect.Effect<boolean>) {
  let best = script
  let runs = 0
  const tryOne = Effect.fnUntraced(function* (candidate: Script) {
    if (runs++ >= maxRuns || !(yield* fails(candidate))) return false
    best = candidate
    return true
  })
  const withoutSteps = Effect.fnUntraced(function* (size: number) {
    for (let at = 0; at < best.length;) if (!(yield* tryOne(without(best, at, size)))) at += size
  })
  for (let size = Math.ceil(script.length / 2); size > 1; size = Math.ceil(size / 2)) yield* withoutSteps(size)
  for (let before = Infinity; before > best.length;) {
    before = best.length
    yield* withoutSteps(1)
  }
  for (let at = 0; at < best.length; at++) {
    for (let n = 0; n < eventsOf(best[at]).length;) if (!(yield* tryOne(withoutEvent(best, at, n)))) n++
  }
  return best
})

/** Time passes as before, so that what follows stays when it was. */
const without = (script: Script, at: number, size: number): Script => {
  const left = script.slice(at, at + size).reduce((sum, { after }) => sum + after, 0)
  const next: Step | undefined = script[at + size]
  return [
    ...script.slice(0, at),
    ...(next === undefined ? [] : [{ ...next, after: next.after + left }]),
    ...script.slice(at + size + 1)
  ]
}

const eventsOf = (step: Step | undefined) => (step?.action._tag === "Events" ? step.action.calls.flat() : [])

const withoutEvent = (script: Script, at: number, n: number): Script => {
  const gone = eventsOf(script[at])[n]
  return script.map((step, index) => {
    if (index !== at || step.action._tag !== "Events") return step
    const calls = step.action.calls.map((call) => call.filter((event) => event !== gone))
    return { ...step, action: { _tag: "Events", calls: calls.filter((call) => call.length > 0) } }
  })
}
