import { Effect } from "effect"

/** The features of the process that an effect used directly, bypassing Effect. */
export interface Used {
  /** The names of the environment variables that were read; `*` means all of them. */
  readonly variables: ReadonlyArray<string>
  /** The methods of `console` that were called, and the streams of the process that were written to. */
  readonly printers: ReadonlyArray<string>
}

/**
 * Runs an effect, and returns the features of the process that it used. Meanwhile the environment and the console are
 * proxies for the whole process.
 */
export const processWatch = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<Used, E, R> =>
  Effect.suspend(() => {
    const variables = new Set<string>()
    const printers = new Set<string>()
    const { env } = process
    const { console } = globalThis
    const asked = (name: string | symbol) => {
      if (typeof name === "string") variables.add(name)
    }
    process.env = new Proxy(env, {
      get: (_, name) => (asked(name), Reflect.get(env, name)),
      has: (_, name) => (asked(name), Reflect.has(env, name)),
      getOwnPropertyDescriptor: (_, name) => (asked(name), Reflect.getOwnPropertyDescriptor(env, name)),
      ownKeys: () => (asked("*"), Reflect.ownKeys(env))
    })
    globalThis.console = new Proxy(console, {
      get: (_, name) => {
        const member: unknown = Reflect.get(console, name)
        return typeof member === "function" ? () => void printers.add(String(name)) : member
      }
    })
    const restored = Object.entries({ stderr: process.stderr, stdout: process.stdout }).map(([name, stream]) => {
      const write: unknown = Reflect.get(stream, "write")
      stream.write = () => (printers.add(name), true)
      return () => void Reflect.set(stream, "write", write)
    })
    return Effect.ensuring(
      effect,
      Effect.sync(() => {
        for (const restore of restored) restore()
        process.env = env
        globalThis.console = console
      })
    ).pipe(Effect.map(() => ({ variables: [...variables], printers: [...printers] })))
  })
