/**
 * Starts of a gateway that must be refused.
 */
import { assert } from "@effect/vitest"
import { Effect } from "effect"
import * as GatewayProcess from "../../demo/gatewayProcess.ts"
import { inject } from "vitest"
import * as InProcess from "./inProcess.ts"

type Settings = { readonly [name: string]: string }

/** Whether every refused start is a process of its own, as in `pnpm test:all`. */
const asProcesses = inject("breadth") === "all"

/** Starts a process that must end with exit code 1 and one line; gives that line. */
export const refusedProcess = (settings: Settings): Effect.Effect<string> =>
  GatewayProcess.start(settings).pipe(
    Effect.scoped,
    Effect.flip,
    Effect.orDie,
    Effect.map(({ exitCode, message }) => {
      assert.strictEqual(exitCode, 1, message)
      assert.lengthOf(message.trimEnd().split("\n"), 1, message)
      assert.notMatch(message, /^\s+at /m)
      return message.trimEnd()
    })
  )

/** Starts a gateway that must be refused, in this process unless `asProcesses`; gives the sentence that says why. */
export const refused = (settings: Settings): Effect.Effect<string> =>
  asProcesses
    ? refusedProcess(settings)
    : InProcess.start(settings).pipe(
        Effect.scoped,
        Effect.flip,
        Effect.orDie,
        Effect.map(({ message }) => message)
      )
