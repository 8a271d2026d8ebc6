import { assert, describe, it } from "vitest"
import { merge, page, worse } from "../results.ts"
import type { Figure } from "../row.ts"

const rate = (...values: ReadonlyArray<number>): Figure => ({ what: "rate", values, unit: "x", goal: { atLeast: 2 } })
const delay = (...values: ReadonlyArray<number>): Figure => ({ what: "delay", values, unit: "x", goal: { atMost: 1 } })
const start = (...values: ReadonlyArray<number>): Figure => ({ what: "start", values, unit: "s", goal: { atMost: 2 } })
const scale = (...values: ReadonlyArray<number>): Figure => ({ what: "scale", values, unit: "x" })

describe("results.md", () => {
  const kept = page([rate(1, 3, 2), delay(1), start(1), scale(2), { what: "peer", missing: "missing" }], "here", true)

  it("shows medians, spread, goals and missing measurements", () => {
    const cells = kept.split("\n").map((line) => line.split("|").map((cell) => cell.trim()))
    const row = (what: string) => cells.find(([, cell]) => cell === what)?.slice(2, 6)
    assert.deepStrictEqual(row("rate"), ["2.00 x", "1.00 x to 3.00 x", "at least 2 x", "met"])
    assert.deepStrictEqual(row("scale"), ["2.00 x", "", "printed", ""])
    assert.deepStrictEqual(row("peer"), ["missing", "", "", ""])
  })

  it("names ratios that are worse by more than a quarter", () => {
    assert.deepStrictEqual(worse([rate(1.6), delay(1.3), scale(1), start(1.9)], kept), [])
    assert.deepStrictEqual(worse([rate(1.4), delay(1.4)], kept), [
      "rate: 1.40 x, was 2.00 x (at least 2 x)",
      "delay: 1.40 x, was 1.00 x (at most 1 x)"
    ])
    assert.deepStrictEqual(worse([rate(NaN)], kept), ["rate: NaN x, was 2.00 x (at least 2 x)"])
  })

  it("names a goal in absolute units that was met", () => {
    assert.deepStrictEqual(worse([start(2.1)], kept), ["start: 2.10 s, was 1.00 s (at most 2 s)"])
    assert.deepStrictEqual(worse([start(2.1)], page([start(3)], "here", true)), [])
  })

  it("ignores rows that the committed page does not have", () => {
    assert.deepStrictEqual(
      worse(
        [
          { ...rate(1), what: "peer" },
          { ...rate(1), what: "new" }
        ],
        kept
      ),
      []
    )
    assert.deepStrictEqual(worse([{ what: "rate", missing: "missing" }], kept), [])
  })

  it("takes the figures of one row in place of the same ones, or below the others", () => {
    const noted = page([{ ...rate(2), from: "old" }, delay(1)], "- here", true)
    const merged = merge(noted, [{ ...rate(4), from: "new" }, start(1)], "today")
    assert.strictEqual(merged, page([{ ...rate(4), from: "new (today)" }, delay(1), start(1)], "- here", true))
  })
})
