import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Option, Queue, Terminal } from "effect"
import { Command, TerminalCapabilities } from "effect/cli"
import { TestConsole } from "effect/testing"
import { existsSync, mkdtempSync, readFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { command } from "../src/command.ts"

const keys = (text: string) => Array.from(text, (input) => ({ input, name: input }))
const enter = { input: "\r", name: "enter" }
const down = { input: undefined, name: "down" }

/** A person at a terminal who presses these keys; what they were shown is in `shown`. */
const typing = (...pressed: ReadonlyArray<{ readonly input: string | undefined; readonly name: string }>) => {
  const shown: Array<string> = []
  const layer = Layer.effect(
    Terminal.Terminal,
    Effect.gen(function* () {
      const input = yield* Queue.unbounded<Terminal.UserInput>()
      yield* Queue.offerAll(
        input,
        pressed.map(({ input, name }) => ({
          input: Option.fromUndefinedOr(input),
          key: { name, ctrl: false, meta: false, shift: false }
        }))
      )
      return Terminal.make({
        columns: Effect.succeed(80),
        rows: Effect.succeed(24),
        size: Effect.die("unused"),
        readInput: Effect.succeed(input),
        readLine: Effect.die("unused"),
        display: (text) => Effect.sync(() => void shown.push(text))
      })
    })
  )
  return { shown, layer }
}

const run = (person: ReturnType<typeof typing>, ...args: ReadonlyArray<string>) =>
  Command.runWith(command, { version: "0" })(args).pipe(
    Effect.provideService(TerminalCapabilities.TerminalCapabilities, {
      canColor: false,
      canAnimate: false,
      canPrompt: true
    }),
    Effect.provide([person.layer, TestConsole.layer]),
    Effect.provide(NodeServices.layer)
  )

const empty = () => join(mkdtempSync(join(tmpdir(), "tocsin-create-")), "new")

describe("At a terminal", () => {
  it.effect("asks for the name, again if it is invalid, and for the kind", () =>
    Effect.gen(function* () {
      const folder = empty()
      const backspaces = Array.from({ length: 5 }, () => ({ input: undefined, name: "backspace" }))
      const person = typing(...keys("Pager"), enter, ...backspaces, ...keys("pager"), enter, down, enter)
      yield* run(person, "--folder", folder)
      const shown = person.shown.join("")
      assert.include(shown, "Expected lowercase words with hyphens between")
      assert.include(shown, "What is it?")
      assert.include(readFileSync(join(folder, "src/Pager.ts"), "utf8"), "Connector")
    })
  )

  it.effect("asks only for the kind when there is a name", () =>
    Effect.gen(function* () {
      const folder = empty()
      const person = typing(enter)
      yield* run(person, "pager", "--folder", folder)
      assert.notInclude(person.shown.join(""), "lowercase")
      assert.include(readFileSync(join(folder, "src/Pager.ts"), "utf8"), "HttpChannel")
    })
  )

  it.effect("asks nothing when all options are set", () =>
    Effect.gen(function* () {
      const person = typing()
      const folder = empty()
      yield* run(person, "pager", "--kind", "http", "--folder", folder)
      assert.isTrue(existsSync(join(folder, "package.json")))
      assert.deepStrictEqual(person.shown, [])
    })
  )
})
