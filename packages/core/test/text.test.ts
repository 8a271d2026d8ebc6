import { assert, describe, it } from "@effect/vitest"
import { cut, escapeHtml, fitting, oneLine, paragraph, utf8Units } from "@tocsin/core"
import { Schema } from "effect"

const escape = (text: string) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;")

/** Texts in which characters of several units, and characters that an escape makes longer, are frequent. */
const texts = Schema.Array(Schema.Literals(["a", " ", "&", "<", "é", "👩‍👩‍👧‍👦", "\u202E", "e\u0301", "🇩🇪"]))

describe("cut", () => {
  it("leaves a text that fits unchanged", () => {
    assert.strictEqual(cut("checkout", 8), "checkout")
  })

  it("marks that it cut", () => {
    assert.strictEqual(cut("checkout-eu", 8), "checkou…")
  })

  it("never cuts inside a grapheme", () => {
    assert.strictEqual(cut("ab👩‍👩‍👧‍👦cd", 8), "ab…")
  })

  it("counts the encoded text", () => {
    assert.strictEqual(cut("a&b&c", 8, { encode: escape }), "a&b…")
  })

  it.prop("applies the limit to the encoded text, and keeps its beginning", [texts, Schema.Natural], ([parts, n]) => {
    const text = parts.join("")
    const max = 1 + (n % 40)
    const result = cut(text, max, { encode: escape })
    assert.isAtMost(escape(result).length, max)
    assert.isTrue(result === text || (result.endsWith("…") && text.startsWith(result.slice(0, -1))))
  })
})

describe("fitting", () => {
  it("reserves space for the mark of an omission", () => {
    assert.strictEqual(fitting([10, 10, 10], { max: 32, reserve: 5, separator: 1 }), 3)
    assert.strictEqual(fitting([10, 10, 10], { max: 31, reserve: 5, separator: 1 }), 2)
    assert.strictEqual(fitting([10, 10, 10], { max: 20, reserve: 12, separator: 1 }), 0)
  })
})

describe("escapeHtml", () => {
  it("leaves nothing that ends an element or an attribute", () => {
    assert.strictEqual(escapeHtml(`<a href="x" title='&'>`), "&lt;a href=&quot;x&quot; title=&#39;&amp;&#39;&gt;")
  })
})

describe("utf8Units", () => {
  it.prop("has one unit for each byte", [texts], ([parts]) => {
    const text = parts.join("")
    assert.lengthOf(utf8Units(text), Buffer.byteLength(text))
  })

  it("limits a cut to bytes", () => {
    assert.strictEqual(cut("ééééé", 8, { encode: utf8Units }), "éé…")
  })
})

describe("Foreign text", () => {
  it.each([
    ["a\tb\r\n\r\n c  d\u2028e", "a b c d e", "a b\nc d\ne"],
    ["\u202Eevil\u202C \u001b[31mred\u0000", "evil [31mred", "evil [31mred"],
    [" \u0007\n", "–", "–"],
    ["half \ud83d", "half \ufffd", "half \ufffd"]
  ])("%j is shown without what a reader cannot see", (text, line, lines) => {
    assert.strictEqual(oneLine(text), line)
    assert.strictEqual(paragraph(text), lines)
  })
})
