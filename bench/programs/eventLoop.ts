/**
 * Imported into a gateway before it starts: measures the longest turn of its event loop, in milliseconds of CPU time,
 * between two messages of the process that forked it. CPU time, because a busy machine lengthens every turn.
 */
import { threadCpu } from "../usage.ts"

let isMeasuring = false
let longest = 0
let last = 0

const turn = () => {
  const now = threadCpu()
  longest = Math.max(longest, now - last)
  last = now
  if (isMeasuring) setImmediate(turn)
}

process.on("message", () => {
  isMeasuring = !isMeasuring
  if (!isMeasuring) return process.send?.(longest)
  longest = 0
  last = threadCpu()
  setImmediate(turn)
})
