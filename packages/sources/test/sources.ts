import { builtIn, type Source } from "@tocsin/sources"
import { readdirSync, readFileSync } from "node:fs"

/** A source of this package, by its type. */
export const sourceOf = (type: string): Source => {
  const found = builtIn.find((source) => source.type === type)
  if (found === undefined) throw new Error(`no source ${type}`)
  return found
}

/** The bodies of a source in `fixtures/`, as JSON texts by their names. */
export const bodiesOf = (type: string): { readonly [name: string]: string } => {
  const isThousandEyes = type === "thousandeyes"
  const folder = new URL(isThousandEyes ? "./fixtures/" : `./fixtures/${type}/`, import.meta.url)
  return Object.fromEntries(
    readdirSync(folder)
      .filter((file) => file.endsWith(".json"))
      .map((file) => [
        file.replace(/\.json$/, "").replace("thousandeyes-", ""),
        readFileSync(new URL(file, folder), "utf8")
      ])
  )
}
