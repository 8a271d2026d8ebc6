/**
 * Conformance checks for channel plugins: call `suite` in the plugin's own test file.
 */
import { describe, it } from "@effect/vitest"
import { Effect, type Schema } from "effect"
import type * as ChannelPlugin from "../ChannelPlugin.ts"
import { answerChecks } from "./checks/answerChecks.ts"
import { conductChecks } from "./checks/conductChecks.ts"
import * as Connection from "./connection.ts"
import { connectionChecks } from "./checks/connectionChecks.ts"
import { declarationChecks } from "./checks/declarationChecks.ts"
import { fakeChecks } from "./checks/fakeChecks.ts"
import * as Http from "./http.ts"
import type { Check, ConnectionOptions, Options } from "./options.ts"
import { payloadChecks } from "./checks/payloadChecks.ts"
import { previewChecks } from "./checks/previewChecks.ts"
import { shapeCheck } from "./checks/shapeCheck.ts"
import * as Trial from "./trial.ts"
import { verifyChecks } from "./checks/verifyChecks.ts"

export type { Check, Common, ConnectionOptions, Expected, Options, Peer } from "./options.ts"

/**
 * Returns all checks of a channel plugin, to be run one by one; each name continues "a plugin". If the first one fails,
 * the results of the others mean nothing.
 */
export const checks = <Self, Settings extends Schema.Codec<any, any>>(
  plugin: ChannelPlugin.ChannelPlugin<Self, string, Settings>,
  options: Options<Self> | ConnectionOptions<Self>
): ReadonlyArray<Check> => {
  const each = (trial: Trial.Trial, answers: ReadonlyArray<Check>) => [
    shapeCheck(trial),
    ...declarationChecks(trial),
    ...payloadChecks(trial),
    ...previewChecks(trial),
    ...answers,
    ...conductChecks(trial),
    ...verifyChecks(trial)
  ]
  if (options.peer !== undefined) {
    const service = Connection.make(options)
    const trial = Trial.make(plugin, options, service)
    return each(trial, connectionChecks(trial, service, options))
  }
  const service = Http.make(options)
  const trial = Trial.make(plugin, options, service)
  const { fake } = options
  return each(trial, [
    ...answerChecks(trial, service, options),
    ...(fake === undefined ? [] : fakeChecks(trial, service, fake))
  ])
}

/** A `deliver` that never ends fails the first check after this many milliseconds. */
const endsWithin = 30_000

/** Every other check ends by itself, but may take longer than vitest's five seconds on a busy machine. */
const slowMachine = 600_000

/**
 * Registers the checks as tests. If the first one fails, the others are skipped. The name of the suite lists the
 * options that the test leaves out, and that are therefore not checked: `validate` (the service's limits and its
 * escaping), `read` (the texts that a person sees, and the size of the plain form), `preview`, and `fake`.
 */
export const suite = <Self, Settings extends Schema.Codec<any, any>>(
  plugin: ChannelPlugin.ChannelPlugin<Self, string, Settings>,
  options: Options<Self> | ConnectionOptions<Self>
): void => {
  const missing = [
    ...(["validate", "read"] as const).filter((name) => options[name] === undefined),
    ...(plugin.preview === undefined ? ["preview"] : []),
    ...(options.peer === undefined && options.fake === undefined ? ["fake"] : [])
  ]
  const without = missing.length === 0 ? "" : `, not checked for want of ${missing.join(", ")}`
  describe(`ChannelPlugin (${plugin.type})${without}`, () => {
    let isSound = true
    for (const [n, { name, run }] of checks(plugin, options).entries()) {
      const unsound = Effect.sync(() => {
        isSound = false
      })
      it.effect(
        name,
        (context) =>
          Effect.suspend(() => {
            if (n === 0) return Effect.onError(run, () => unsound)
            return isSound ? run : Effect.sync(() => context.skip("the first check failed"))
          }),
        n === 0 ? endsWithin : slowMachine
      )
    }
  })
}
