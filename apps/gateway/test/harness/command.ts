/**
 * `tocsin` with a command, as an operator runs it.
 */
import { Effect } from "effect"
import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"

const main = fileURLToPath(new URL("../../src/main.ts", import.meta.url))

/** Runs a command of `tocsin` to its end, with these settings and no others. */
export const tocsin = (args: ReadonlyArray<string>, settings: { readonly [name: string]: string }) =>
  Effect.callback<{ readonly code: number | null; readonly out: string; readonly err: string }>((resume) => {
    const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith("TOCSIN_"))
    const child = execFile(
      process.execPath,
      ["--conditions=@tocsin/source", main, ...args],
      { env: { ...Object.fromEntries(inherited), ...settings } },
      (_, out, err) => resume(Effect.succeed({ code: child.exitCode, out, err }))
    )
  })
