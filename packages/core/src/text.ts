const segmenter = new Intl.Segmenter("und", { granularity: "grapheme" })

/** How `cut` measures and marks. */
export interface CutOptions {
  /** How the text will be written, where that makes it longer (an escape); its result is what is counted. */
  readonly encode?: (text: string) => string
  /** What stands at the end of a text that was cut; `…` by default. It counts too. */
  readonly mark?: string
}

/**
 * Cuts a text to at most `max` UTF-16 units, never inside what a reader sees as
 * one character, and marks that it was cut. Returns the text as it was, not
 * encoded.
 */
export const cut = (text: string, max: number, { encode = (text) => text, mark = "…" }: CutOptions = {}): string => {
  // No character is written in less than one unit, so what lies beyond needs no look.
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

/** How many of the items fit in `max` units, `separator` units between two, with `reserve` kept free if not all do. */
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
