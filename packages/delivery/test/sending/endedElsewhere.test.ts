import { assert, describe, it } from "@effect/vitest"
import type { AcceptedRaise } from "../../src/records/AcceptedRaises.ts"
import { endedElsewhere } from "../../src/sending/shortcuts/endedElsewhere.ts"

/** Which of the raises a to e, of which d cannot be claimed now, have ended elsewhere, if these are due. */
const ended = (due: string, isAll: boolean) => {
  const raises = new Map(["a", "b", "c", "d", "e"].map((delivery) => [delivery, { delivery } as AcceptedRaise]))
  return endedElsewhere(
    ["a", "b", "c", "e"],
    Array.from(due, (id) => ({ id })),
    { isAll, raises }
  ).join("")
}

describe("A raise that memory has as pending", () => {
  it("has ended if the store has none of it before the last one that it has", () => {
    assert.strictEqual(ended("bd", false), "ac")
  })

  it("has ended if it is not among all that the store has", () => {
    assert.strictEqual(ended("bd", true), "ace")
    assert.strictEqual(ended("", true), "abce")
  })

  it("may be pending beyond what the store was asked for", () => {
    assert.strictEqual(ended("xb", false), "a")
    assert.strictEqual(ended("xy", false), "")
  })
})
