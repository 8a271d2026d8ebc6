import { Effect } from "effect"
import { catches } from "./catches.ts"
import { checks, type Spoils } from "./hook.ts"

/** A plugin in JavaScript, whose `deliver` TypeScript cannot check. */
const returning = (deliver: () => unknown): Spoils => ({
  channel: (sound) => {
    const spoilt = { ...sound }
    Reflect.set(spoilt, "deliver", deliver)
    return spoilt
  }
})

const firstCheck = "ends every attempt with a receipt or a DeliveryError"

catches<Spoils>("shape", (spoils) => checks(spoils).slice(0, 1), [
  [
    "throws",
    firstCheck,
    returning(() => {
      throw new TypeError("Cannot read properties of undefined")
    })
  ],
  ["returns nothing", firstCheck, returning(() => undefined)],
  ["returns a promise", firstCheck, returning(() => Promise.resolve({}))],
  ["succeeds with undefined", firstCheck, returning(() => Effect.void)],
  ["succeeds with a text", firstCheck, returning(() => Effect.succeed("ok"))],
  ["fails with a text", firstCheck, returning(() => Effect.fail("no"))],
  ["never ends", firstCheck, returning(() => Effect.never)]
])
