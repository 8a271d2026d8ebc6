/**
 * Texts that Intl made for this reader on the last visit: its first use takes a browser longer than drawing the rows.
 */
const key = "tocsin.texts"

/** What texts depend on besides their names: the languages, and the zone with its present offset. */
const reader = `${navigator.languages.join()} ${new Date().toString().replace(/^.*GMT/, "")}`

interface Kept {
  readonly reader: string
  readonly texts: { readonly [name: string]: string }
}

const read = (): Kept["texts"] => {
  try {
    const kept: Kept = JSON.parse(localStorage.getItem(key) ?? "null")
    return kept.reader === reader ? kept.texts : {}
  } catch {
    return {}
  }
}

const known = read()
const used: Record<string, string> = {}

export const formatted = (name: string, make: () => string): string => (used[name] ??= known[name] ?? make())

/** Keeps the texts that were used. */
export const keepTexts = (): void => {
  try {
    localStorage.setItem(key, JSON.stringify({ reader, texts: used } satisfies Kept))
  } catch {
    // Without storage Intl makes them again.
  }
}
