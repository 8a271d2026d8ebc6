import type { Decoded, Source } from "@tocsin/sources"
import { Effect } from "effect"
import { options } from "./fixtures.ts"

/** Decodes, and counts the turns of the event loop meanwhile. */
export const decodeAndCount = ({ decode }: Pick<Source, "decode">, body: unknown) =>
  Effect.promise(async (): Promise<{ readonly decoded: Decoded; readonly turns: number }> => {
    let turns = 0
    let isDone = false
    const turn = () => {
      turns++
      if (!isDone) setImmediate(turn)
    }
    setImmediate(turn)
    const decoded = await Effect.runPromise(decode(body, options))
    isDone = true
    return { decoded, turns }
  })

export const many = <A>(count: number, make: (n: number) => A) => Array.from({ length: count }, (_, n) => make(n))
