import { readdirSync, readFileSync } from "node:fs"

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
