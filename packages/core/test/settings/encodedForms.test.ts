import { assert, describe, it } from "@effect/vitest"
import { redactText } from "@tocsin/core"
import { Redacted, Schema } from "effect"

const secret = "k3y/Wj9+sécret/0a1b?~"
const settings = { token: Redacted.make(secret) }

/** Every run of this many characters of a text. */
const pieces = (text: string, length: number) =>
  Array.from({ length: text.length - length + 1 }, (_, at) => text.slice(at, at + length))

describe("A secret is redacted", () => {
  it.each<readonly [string, (text: string) => string]>([
    ["in a URL", encodeURIComponent],
    ["in a URL, in lowercase", (text) => encodeURIComponent(text).replace(/%../g, (code) => code.toLowerCase())],
    ["in a form", (text) => new URLSearchParams({ a: text }).toString()],
    ["in JSON", JSON.stringify],
    ["in JSON with escaped slashes", (text) => JSON.stringify(text).replaceAll("/", "\\/")],
    ["in JSON of ASCII alone", (text) => JSON.stringify(text).replaceAll("é", "\\u00e9")],
    ["in JSON of ASCII alone, in uppercase", (text) => JSON.stringify(text).replaceAll("é", "\\u00E9")],
    ["in JSON in JSON", (text) => JSON.stringify(JSON.stringify({ text }))],
    ["in PHP's JSON in JSON", (text) => JSON.stringify(JSON.stringify(text).replaceAll("/", "\\/"))]
  ])("%s", (_, encode) => {
    const encoded = encode(secret)
    const text = redactText(`401: ${encoded}!`, settings)
    assert.include(text, "<redacted>")
    assert.notInclude(text, "Wj9")
  })

  it.prop("in Base64, whatever stands around it", [Schema.String, Schema.String], ([before, after]) => {
    for (const coding of ["base64", "base64url"] as const) {
      const encoded = Buffer.from(`${before}${secret}${after}`).toString(coding)
      const text = redactText(`401: Basic ${encoded}`, settings)
      assert.include(text, "<redacted>")
      // At most the characters at its edges are left, which hold bits of their neighbours.
      const shown = pieces(text, 8)
      const alignments = ["", "a", "aa"].map((pad) => Buffer.from(`${pad}${secret}`).toString(coding).slice(4, -4))
      for (const whole of alignments) {
        for (const piece of pieces(whole, 8)) assert.notInclude(shown, piece)
      }
    }
  })
})
