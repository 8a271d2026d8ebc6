import type { Json } from "./schema.ts"

export const jsonText = (value: Json | undefined): string =>
  value === undefined ? "" : typeof value === "string" ? value : JSON.stringify(value, null, 2)

/** What a person typed as JSON; what is none goes to the gateway as text, which says what belongs there. */
export const fromJsonText = (text: string): Json | undefined => {
  if (text.trim() === "") return undefined
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
