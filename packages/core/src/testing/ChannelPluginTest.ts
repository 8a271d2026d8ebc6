/**
 * What every channel plugin must do, as checks: call `suite` in the plugin's own
 * test file.
 */
import { describe, it } from "@effect/vitest"
import type { Schema } from "effect"
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
import * as Trial from "./trial.ts"
import { verifyChecks } from "./checks/verifyChecks.ts"

export type { Check, Common, ConnectionOptions, Options, Peer } from "./options.ts"

/** All that a channel plugin must do, to be run one by one; each name reads on from "a plugin". */
export const checks = <Self, Settings extends Schema.Codec<any, any>>(
  plugin: ChannelPlugin.ChannelPlugin<Self, string, Settings>,
  options: Options<Self> | ConnectionOptions<Self>
): ReadonlyArray<Check> => {
  const each = (trial: Trial.Trial, answers: ReadonlyArray<Check>) => [
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

/** Registers the checks as tests. */
export const suite = <Self, Settings extends Schema.Codec<any, any>>(
  plugin: ChannelPlugin.ChannelPlugin<Self, string, Settings>,
  options: Options<Self> | ConnectionOptions<Self>
): void => {
  describe(`ChannelPlugin (${plugin.type})`, () => {
    for (const { name, run } of checks(plugin, options)) it.effect(name, () => run)
  })
}
