import type { Json } from "./schema.ts"

export const jsonText = (value: Json | undefined): string =>
  value === undefined ? "" : typeof value === "string" ? value : JSON.stringify(value, null, 2)

/** Parses typed JSON. Invalid JSON is sent as text, so that the gateway reports the error. */
export const fromJsonText = (text: string): Json | undefined => {
  if (text.trim() === "") return undefined
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
