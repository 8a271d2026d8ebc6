/**
 * The command that runs a plugin's fake.
 */
import { Console, Effect, Fiber } from "effect"
import { parseArgs } from "node:util"
import { serveFake } from "./FakeServer.ts"
import type { FakeService } from "./FakeService.ts"

/**
 * Runs `<name> fake [--port N]` until it is interrupted: serves the fake, and prints its page's address and the
 * settings of an integration that posts to it.
 */
export const run = (name: string, fake: FakeService): void => {
  const port = portAsked()
  if (port === undefined) {
    process.stderr.write(`Usage: ${name} fake [--port N]   serves a fake ${fake.title} on this machine\n`)
    process.exitCode = 2
    return
  }
  const served = Effect.gen(function* () {
    const { origin, settings } = yield* serveFake(fake, { port })
    yield* Console.log(`A fake ${fake.title}. Its channels are shown at ${origin}/`)
    yield* Console.log(`Settings of an integration that posts to it: ${JSON.stringify(settings)}`)
    yield* Console.log("The gateway calls it only with TOCSIN_EGRESS_ALLOW=127.0.0.1.")
    return yield* Effect.never
  }).pipe(
    Effect.scoped,
    Effect.catchDefect((defect) =>
      Effect.andThen(
        Console.error(`The fake cannot be served (${String(defect)}): choose another --port.`),
        Effect.sync(() => void (process.exitCode = 1))
      )
    )
  )
  const fiber = Effect.runFork(served)
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => Effect.runFork(Fiber.interrupt(fiber)))
}

/** The port in the arguments, 0 if there is none; undefined if the arguments are invalid. */
const portAsked = (): number | undefined => {
  try {
    const { positionals, values } = parseArgs({ allowPositionals: true, options: { port: { type: "string" } } })
    const { port = "0" } = values
    return positionals.join(" ") === "fake" && /^\d{1,5}$/.test(port) && Number(port) < 65_536
      ? Number(port)
      : undefined
  } catch {
    return undefined
  }
}
