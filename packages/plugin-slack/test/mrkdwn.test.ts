import { assert, describe, it } from "@effect/vitest"
import { DateTime } from "effect"
import { escape, inline, linked, paragraph, write } from "../src/mrkdwn.ts"

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
    ["\u0000", "–"]
  ])("writes %j", (text, written) => assert.strictEqual(escape(inline(text, 100)), written))

  it("cuts between characters, not inside an entity", () => {
    assert.strictEqual(inline("&&&&", 20), "&&&&")
    assert.strictEqual(inline("&&&&", 19), "&&&…")
    assert.strictEqual(inline("&&&&", 15), "&&…")
    assert.strictEqual(inline("ab👩‍👩‍👧‍👦", 10), "ab…")
  })

  it("leaves no marker at the cut that could format", () => {
    assert.strictEqual(inline("aaaa_bbbb", 6), "aaaaˍ…")
  })
})

describe("paragraph", () => {
  it("keeps lines, and quotes none", () => {
    assert.strictEqual(paragraph("a\n\n\n> b\n \u2028c", 100), "a\n\u00AD> b\nc")
  })
})

describe("linked", () => {
  it("encodes what would end it", () => {
    assert.strictEqual(
      write(linked(new URL("https://a.example/x y?b=1&c=<2>|3#|"), "a|b>c", "Plain")),
      "<https://a.example/x%20y?b=1&amp;c=%3C2%3E%7C3#%7C|a∣b&gt;c>"
    )
  })

  it("leaves out what is too long or leads elsewhere", () => {
    for (const to of [new URL(`https://a.example/${"x".repeat(2000)}`), new URL("javascript:alert(1)"), undefined]) {
      assert.deepStrictEqual(linked(to, "a|b", "Strong"), { _tag: "Strong", text: "a|b" })
    }
  })
})

describe("a time", () => {
  it("is a date that Slack shows in the reader's zone, or UTC where it would not", () => {
    assert.strictEqual(
      write({ _tag: "Time", at: DateTime.makeUnsafe(1_650_925_080_500) }),
      "<!date^1650925080^{date_short_pretty} at {time_secs}|2022-04-25 22:18:00 UTC>"
    )
    assert.strictEqual(write({ _tag: "Time", at: DateTime.makeUnsafe(-1000) }), "1969-12-31 23:59:59 UTC")
  })
})
