/**
 * The log: one line for each event, as text or as JSON.
 */
import { Array as Arr, Cause, Console, Effect, Formatter, Layer, Logger, type LogLevel, References } from "effect"
import { logSettings } from "./settings/logSettings.ts"

const levels = { error: "Error", warn: "Warn", info: "Info", debug: "Debug" } as const satisfies Record<
  string,
  LogLevel.LogLevel
>

/** Ignores invalid values, which `Settings` refuses. */
const current = Effect.orElseSucceed(logSettings, () => ({ format: "text", level: "info" }) as const)

/** Writes the log to the standard output. */
export const layer = Layer.unwrap(
  Effect.map(current, ({ format, level }) =>
    Layer.mergeAll(
      Logger.layer([format === "json" ? Logger.consoleJson : Logger.withConsoleLog(text)]),
      Layer.succeed(References.MinimumLogLevel, levels[level])
    )
  )
)

/** Reports a reason for the process to end that an operator can fix: a bare sentence, or a line of JSON. */
export const refusal = (sentence: string) =>
  Effect.flatMap(current, ({ format }) => (format === "json" ? Effect.logFatal(sentence) : Console.error(sentence)))

/** A date, a level and a message; below them the stack of a bug. */
const text = Logger.make(({ cause, date, logLevel, message }) => {
  const words = Arr.ensure(message).map((part) => (typeof part === "string" ? part : Formatter.format(part)))
  const line = `${date.toISOString()} ${logLevel.toUpperCase().padEnd(5)} ${onOneLine(words.join(" "))}`
  return cause.reasons.length === 0 ? line : `${line}\n${Cause.pretty(cause)}`
})

/**
 * Escapes foreign text, such as a service's answer, so that it can neither look like log lines nor control a terminal.
 */
const onOneLine = (text: string) =>
  text.replaceAll(/[\p{Cc}\u2028\u2029]/gu, (character) =>
    character === "\n" ? "\\n" : `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`
  )
