/**
 * Bodies that sources send.
 */
import { builtIn, needsNoSettings } from "@tocsin/sources"
import { Effect } from "effect"
import { readdirSync } from "node:fs"
import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { fixtures } from "./gateway.ts"

/** The sources that have bodies in a folder of their own and need no settings: all but ThousandEyes. */
export const types: ReadonlyArray<string> = readdirSync(fixtures, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name)
  .filter((name) => builtIn.some((source) => source.type === name && needsNoSettings(source)))

/** Where a source posts. */
export const pathOf = (type: string): string =>
  ({ prometheus: "/api/v2/alerts", pagerduty: "/v2/enqueue" })[type] ?? `/v1/sources/${type}`

/** The body of that name. */
export const bodyOf = (type: string, name: string): Effect.Effect<string> =>
  Effect.promise(() => readFile(join(fixtures, type, `${name}.json`), "utf8"))

/** The names of the bodies of a source. */
export const namesOf = (type: string): ReadonlyArray<string> =>
  readdirSync(join(fixtures, type)).map((file) => file.replace(/\.json$/, ""))
