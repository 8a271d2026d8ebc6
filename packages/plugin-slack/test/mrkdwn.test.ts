import { assert, describe, it } from "@effect/vitest"
import { DateTime, Schema } from "effect"
import { escape, inline, isDate, linked, paragraph, write } from "../src/mrkdwn.ts"

/** Most of them short enough to be left as they are, with all that could need a change. */
const line = Schema.Array(Schema.Literals(["a", "b c", "d  e", " ", ":", ": ", ".", ">", "&", "*", "\t", "é"]))

describe("inline", () => {
  it.each([
    ["node_load_avg > 5", "node_load_avg &gt; 5"],
    ["rate(x[5m]) * 100", "rate(x[5m]) * 100"],
    ["2*3*4", "2*3*4"],
    ["*bold* and *", "∗bold∗ and ∗"],
    ["_it_ __init__", "ˍitˍ ˍˍinitˍˍ"],
    ["~no~ ~/.config", "∼no∼ ∼/.config"],
    ["`code` a`b`c", "ˋcodeˋ aˋbˋc"],
    ["(*x*)", "(∗x∗)"],
    ["＊太字＊", "﹡太字﹡"],
    ["> quote", "\u00AD&gt; quote"],
    ["＞ quote", "\u00AD＞ quote"],
    ["a\r\n\n  > b\tc", "a &gt; b c"],
    ["&amp; <!here>", "&amp;amp; &lt;!here&gt;"],
    ["a\u0000\u001b[31m\u202Eb\ud83d", "a[31mb\ufffd"],
    [":100:", "∶100:"],
    ["2001:100:db8::/48", "2001∶100∶db8::/48"],
    ["00:ab:cd:de", "00∶ab∶cd:de"],
    ["job:up:sum, :arrow_down:", "job∶up:sum, ∶arrow_down:"],
    [":+1::skin-tone-2: :체크표시: :ñ:", "∶+1:∶skin-tone-2: ∶체크표시: ∶ñ:"],
    ["12:30, http://a.example:80/b: c :: d:", "12:30, http://a.example:80/b: c :: d:"],
    ["\u0000", "–"]
  ])("writes %j", (text, written) => assert.strictEqual(escape(inline(text, 100)), written))

  it.prop("writes one line as a paragraph of one line", [line], ([parts]) => {
    const text = parts.join("")
    assert.strictEqual(inline(text, 20), paragraph(text, 20))
  })

  it("cuts between characters, not inside an entity", () => {
    assert.strictEqual(inline("&&&&", 20), "&&&&")
    assert.strictEqual(inline("&&&&", 19), "&&&…")
    assert.strictEqual(inline("&&&&", 15), "&&…")
    assert.strictEqual(inline("ab👩‍👩‍👧‍👦", 10), "ab…")
  })

  it("leaves no formatting marker at the cut", () => {
    assert.strictEqual(inline("aaaa_bbbb", 6), "aaaaˍ…")
  })
})

describe("paragraph", () => {
  it("keeps lines, and formats none as a quote", () => {
    assert.strictEqual(paragraph("a\n\n\n> b\n \u2028c", 100), "a\n\u00AD> b\nc")
  })
})

describe("linked", () => {
  it("encodes characters that would end it", () => {
    assert.strictEqual(
      write(linked(new URL("https://a.example/x y?b=1&c=<2>|3#|"), "a|b>c", "Plain")),
      "<https://a.example/x%20y?b=1&amp;c=%3C2%3E%7C3#%7C|a∣b&gt;c>"
    )
  })

  it("encodes emoji codes after the host", () => {
    assert.strictEqual(
      write(linked(new URL("https://[2001:100:db8::1]/job:up:sum?a=:100:#b:c"), ":100:", "Plain")),
      "<https://[2001:100:db8::1]/job%3Aup:sum?a=%3A100:#b:c|:100:>"
    )
  })

  it("leaves out links that are too long or not http", () => {
    for (const to of [new URL(`https://a.example/${"x".repeat(2000)}`), new URL("javascript:alert(1)"), undefined]) {
      assert.deepStrictEqual(linked(to, "a|b", "Strong"), { _tag: "Strong", text: "a|b" })
    }
  })
})

describe("a time", () => {
  it("is a date that Slack shows in the reader's zone", () => {
    assert.strictEqual(
      write({ _tag: "Time", at: DateTime.makeUnsafe(1_650_925_080_500) }),
      "<!date^1650925080^{date_short_pretty} at {time_secs}|2022-04-25 22∶18:00 UTC>"
    )
  })

  it("is plain text before 1970 and after 9999, which Slack refuses", () => {
    for (const [iso, isOne] of [
      ["1969-12-31T23:59:59.999Z", false],
      ["1970-01-01T00:00:00Z", true],
      ["9999-12-31T23:59:59.999Z", true],
      ["+010000-01-01T00:00:00Z", false]
    ] as const) {
      assert.strictEqual(isDate(DateTime.makeUnsafe(iso)), isOne, iso)
    }
  })
})
