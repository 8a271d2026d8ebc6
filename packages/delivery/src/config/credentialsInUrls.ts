/**
 * Credentials in settings that are not secret: answers show such settings as they are. Pure.
 */
import type { Schema } from "effect"

/** The JSON pointers of URLs with a user or a password, apart from settings that are secret. */
export const credentialsInUrls = (
  settings: Schema.Json,
  secrets: ReadonlyArray<Schema.Json>
): ReadonlyArray<string> => {
  const found = (value: Schema.Json, pointer: string): ReadonlyArray<string> => {
    if (typeof value === "string") return holdsCredential(value) && !secrets.includes(value) ? [pointer] : []
    if (typeof value !== "object" || value === null) return []
    return Object.entries(value).flatMap(([key, inner]) =>
      found(inner, `${pointer}/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`)
    )
  }
  return found(settings, "")
}

const holdsCredential = (text: string): boolean => {
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(text) || !URL.canParse(text)) return false
  const { password, username } = new URL(text)
  return username !== "" || password !== ""
}
