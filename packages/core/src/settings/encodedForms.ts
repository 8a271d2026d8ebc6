/**
 * The forms in which a secret may appear in a text. Pure.
 */
import { Base64 } from "effect/encoding"

/**
 * A text as it may appear in a URL, a form, JSON or a header, also inside a longer text that is encoded as a whole. Left out
 * if it is shorter than the text, as `../x` in a URL: the rest is too short to be told from other text.
 */
export const encodedForms = (text: string): ReadonlyArray<string> => {
  const url = new URL("http://host/")
  url.pathname = text
  url.search = text
  url.hash = text
  const percentEncoded = [
    encodeURIComponent(text),
    new URLSearchParams([["", text]]).toString().slice(1),
    url.pathname.slice(1),
    url.search.slice(1),
    url.hash.slice(1)
  ]
  const json = [inJson(text), inJson(text).replaceAll("/", "\\/"), asciiJson(text), asciiJson(text, "upper")]
  const forms = new Set([
    text,
    ...percentEncoded,
    ...percentEncoded.map((form) => form.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase())),
    ...json,
    ...json.map(inJson),
    ...inBase64(text)
  ])
  return [...forms].filter((form) => form !== "" && form.length >= text.length)
}

const inJson = (text: string): string => JSON.stringify(text).slice(1, -1)

/** JSON whose other characters than ASCII are escaped, as some languages write it. */
const asciiJson = (text: string, hex: "lower" | "upper" = "lower"): string =>
  inJson(text).replace(/[\u0080-\uffff]/g, (unit) => {
    const code = unit.charCodeAt(0).toString(16).padStart(4, "0")
    return `\\u${hex === "upper" ? code.toUpperCase() : code}`
  })

/**
 * Base64 encodes three bytes as four characters: what stands before the text decides on which of three ways it is encoded,
 * and the characters at its edges also hold bits of its neighbours. So these are the characters between.
 */
const inBase64 = (text: string): ReadonlyArray<string> => {
  const bytes = new TextEncoder().encode(text)
  const between = [0, 1, 2].map((before) => {
    const encoded = Base64.encode(new Uint8Array([...new Uint8Array(before), ...bytes]))
    return encoded.slice(Math.ceil((before * 8) / 6), Math.floor(((before + bytes.length) * 8) / 6))
  })
  const all = [Base64.encode(text).replace(/=+$/, ""), ...between]
  return [...all, ...all.map((form) => form.replaceAll("+", "-").replaceAll("/", "_"))]
}
