import { Duration } from "effect"

const segmenter = new Intl.Segmenter("und", { granularity: "grapheme" })

/** Options of `cut`. */
export interface CutOptions {
  /** Encodes the text as it will be sent, such as with escapes. The length of the result counts. */
  readonly encode?: (text: string) => string
  /** The mark at the end of a cut text; `…` by default. It counts too. */
  readonly mark?: string
}

/**
 * Cuts a text to at most `max` UTF-16 units, never inside what a reader sees as
 * one character, and marks that it was cut. Returns the text as it was, not
 * encoded.
 */
export const cut = (text: string, max: number, { encode = (text) => text, mark = "…" }: CutOptions = {}): string => {
  // Every character takes at least one unit, so characters beyond `max` cannot fit.
  const head = text.length > max ? text.slice(0, max + 1) : text
  if (text.length <= max && encode(text).length <= max) return text
  let left = max - encode(mark).length
  let end = 0
  for (const { index, segment } of segmenter.segment(head)) {
    left -= encode(segment).length
    if (left < 0) break
    end = index + segment.length
  }
  return text.slice(0, end).trimEnd() + mark
}

/**
 * Returns how many items fit in `max` units, with `separator` units between two, and `reserve` kept free if not all
 * fit.
 */
export const fitting = (
  lengths: ReadonlyArray<number>,
  { max, reserve, separator }: { readonly max: number; readonly reserve: number; readonly separator: number }
): number => {
  let used = 0
  let whole = 0
  for (const [index, length] of lengths.entries()) {
    used += length + (index > 0 ? separator : 0)
    if (used > max) return whole
    if (used + separator + reserve <= max) whole = index + 1
  }
  return lengths.length
}

/**
 * Text for HTML, in an element or an attribute: `&`, `<`, `>` and both quotes as entities that every reader of HTML
 * knows.
 */
export const escapeHtml = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => entities[character] ?? character)

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;"
}

/**
 * Returns a text of as many UTF-16 units as the given one has bytes in UTF-8: the `encode` of `cut` and
 * `Message.plainText` for a service that limits bytes.
 */
export const utf8Units = (text: string): string => "0".repeat(utf8.encode(text).length)

const utf8 = new TextEncoder()

/**
 * Divides the addresses in foreign text by an invisible U+200B, for a channel that turns every address into a link, and
 * has no escape for it.
 */
export const dividedLinks = (text: string): string => text.replace(/:(?=\/\/)|\bwww(?=\.)/gi, "$&\u200B")

/** Foreign text on one line, without control characters and overrides of the direction: `–` if nothing is left. */
export const oneLine = (text: string): string => lines(text).join(" ") || "–"

/** The same with its lines kept, except for empty ones. */
export const paragraph = (text: string): string => lines(text).join("\n") || "–"

const lines = (text: string): ReadonlyArray<string> =>
  text
    .toWellFormed()
    .split(/[\n\r\u0085\u2028\u2029]/)
    .map((line) =>
      line
        .replace(/[\p{Cc}\p{Noncharacter_Code_Point}\u200E\u200F\u202A-\u202E\u2066-\u2069]/gu, (control) =>
          control === "\t" ? " " : ""
        )
        .replace(/\s+/g, " ")
        .trim()
    )
    .filter((line) => line !== "")

/** The two largest units, `6d 21h`, `13m`, down to seconds; zero for a clear before its start. */
export const durationText = (duration: Duration.Duration): string => {
  const { days, hours, minutes, seconds } = Duration.parts(Duration.max(duration, Duration.zero))
  const parts = [`${days}d`, `${hours}h`, `${minutes}m`, `${seconds}s`].filter((part) => !part.startsWith("0"))
  return parts.length === 0 ? "0s" : parts.slice(0, 2).join(" ")
}
