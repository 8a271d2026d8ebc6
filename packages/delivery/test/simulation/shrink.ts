/** Takes away what a failing script does not need. */
import { Effect } from "effect"
import type { Script, Step } from "./Script.ts"

/** Runs are cheap, but a person waits. */
const maxRuns = 500

/** The shortest script found that still fails, by leaving out ever smaller parts and then every pause that matters not. */
export const shrink = Effect.fnUntraced(function* (script: Script, fails: (script: Script) => Effect.Effect<boolean>) {
  let best = script
  let runs = 0
  const tryOne = Effect.fnUntraced(function* (candidate: Script) {
    if (runs++ >= maxRuns || !(yield* fails(candidate))) return false
    best = candidate
    return true
  })
  for (let size = Math.ceil(script.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < best.length;) if (!(yield* tryOne(without(best, at, size)))) at += size
  }
  // One went, and others that were needed for it may go now.
  for (let at = best.length - 1; at >= 0; at--) yield* tryOne(without(best, at, 1))
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
