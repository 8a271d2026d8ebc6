/**
 * Bodies within 4 MiB that would stop a gateway that reads them at once.
 */
const size = 4 * 1024 * 1024

const filled = (before: string, filling: string, after: string): Buffer =>
  Buffer.from(
    before + filling.repeat(Math.floor((size - before.length - after.length) / Buffer.byteLength(filling))) + after
  )

const fields = (count: number, name: (index: number) => string) =>
  `{${Array.from({ length: count }, (_, index) => `"${name(index)}":0`).join(",")}}`

/** A body, what becomes of it (read, or which limit it exceeds), and how often reading it pauses at least. */
export interface HostileBody {
  readonly bytes: Buffer
  readonly outcome: string
  readonly pauses: number
}

const tooMany = "at most 100000 values"
const tooManyFields = "an object of at most 1000 fields"

/** Each by its name. */
export const hostile: { readonly [name: string]: HostileBody } = {
  "two million zeros": { bytes: filled("[", "0,", "0]"), outcome: tooMany, pauses: 100 },
  "a million empty objects": { bytes: filled("[", "{},", "{}]"), outcome: tooMany, pauses: 100 },
  "nested arrays": {
    bytes: filled("[", `${"[".repeat(31)}${"]".repeat(31)},`, "0]"),
    outcome: tooMany,
    pauses: 100
  },
  "300,000 fields": { bytes: Buffer.from(fields(300_000, (n) => `f${n}`)), outcome: tooManyFields, pauses: 1 },
  "99,000 different fields": {
    bytes: Buffer.from(
      `[${Array.from({ length: 99 }, (_, object) => fields(1000, (n) => `f${object}-${n}`)).join(",")}]`
    ),
    outcome: "read",
    pauses: 99
  },
  "one field 300,000 times": {
    bytes: Buffer.from(fields(300_000, () => "f")),
    outcome: "each field once",
    pauses: 0
  },
  "99,999 texts": {
    bytes: Buffer.from(`[${Array.from({ length: 99_998 }, () => `"${"x".repeat(36)}"`).join(",")}]`),
    outcome: "read",
    pauses: 99
  },
  "two million line breaks, escaped": { bytes: filled('{"a":"', "\\n", '"}'), outcome: "read", pauses: 1000 },
  "two million quotes, escaped": { bytes: filled('{"a":"', '\\"', '"}'), outcome: "read", pauses: 1000 },
  "halves of surrogate pairs": { bytes: filled('{"a":"', "\\ud800", '"}'), outcome: "read", pauses: 300 },
  "escapes of NUL": { bytes: filled('{"a":"', "\\u0000", '"}'), outcome: "read", pauses: 300 },
  "a name of escapes": { bytes: filled('{"', "\\u0061", '":0}'), outcome: "read", pauses: 300 },
  "24,900 alerts for Prometheus": {
    bytes: Buffer.from(`[${Array.from({ length: 24_900 }, (_, n) => `{"labels":{"a":"q${n}"}}`).join(",")}]`),
    outcome: "read",
    pauses: 74
  },
  // These are read in a few milliseconds.
  "one long text": { bytes: filled('{"a":"', "x", '"}'), outcome: "read", pauses: 0 },
  "one long number": { bytes: filled("[", "1", "]"), outcome: "read", pauses: 0 },
  spaces: { bytes: filled("{", " ", "}"), outcome: "read", pauses: 0 },
  "line breaks, and an error behind them": { bytes: filled("{", "\n", "x}"), outcome: "JSON", pauses: 0 },
  "U+FFFD": { bytes: filled('{"a":"', "\ufffd", '"}'), outcome: "read", pauses: 0 }
}
