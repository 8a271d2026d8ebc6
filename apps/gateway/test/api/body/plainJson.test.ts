import { assert, describe, it } from "@effect/vitest"
import { parseJson } from "../../../src/api/body/parseJson.ts"
import { plainJson } from "../../../src/api/body/plainJson.ts"

const maxValues = 1000

/** The result of the general way. */
const parsed = (text: string) => {
  try {
    const { done, value } = parseJson(text, { maxValues, repeated: "refuse", number: Number }).next()
    return done === true ? value : undefined
  } catch {
    return undefined
  }
}

const agrees = (text: string): boolean => {
  const plain = plainJson(text, maxValues)
  if (plain === undefined) return false
  assert.deepStrictEqual({ ...plain, isCorrected: false }, parsed(text), text)
  return true
}

describe("plainJson", () => {
  it.each([
    "{}",
    " 1 ",
    '"a: b"',
    '{"a":{"b":[{"c":null}]},"d":""}',
    '{ "a" : [1, -2.5e3],\n"b" : "at 10:30" }',
    '{"__proto__":{"x":1},"constructor":2}',
    String.raw`{"a":"\u00e9\n","b":"\\u0041"}`
  ])("reads %s as parseJson does", (text) => {
    assert.isTrue(agrees(text))
  })

  it.each([
    ["a field that an object has twice", '{"a":1,"b":{"c":1,"c":1}}'],
    ["a field that an object has twice, written in two ways", '{"a":1,"\\u0061":1}'],
    ["a text that looks like a field", String.raw`{"a":"\": \""}`],
    ["NUL", String.raw`{"a":"\u0000"}`],
    ["half a surrogate pair", String.raw`["\uDBFF"]`],
    ["33 levels of nesting", `${"[".repeat(33)}${"]".repeat(33)}`],
    ["1,001 fields", JSON.stringify(Object.fromEntries(Array.from({ length: 1001 }, (_, n) => [n, 0])))],
    ["more values than there may be", JSON.stringify(Array.from({ length: 1001 }, () => 0))],
    ["what is not JSON", '{"a":1,}'],
    ["nothing", ""]
  ])("leaves %s to parseJson", (_, text) => {
    assert.isUndefined(plainJson(text, 100_000) && plainJson(text, maxValues))
  })

  it("agrees with parseJson on texts with one changed character", () => {
    const text = String.raw`{"a":[1,-2.5e3,"x\n\u00e9",{"b":null,"b:":"c"}],"c" :true}`
    let plain = 0
    for (let at = 0; at < text.length; at++) {
      for (const character of ['"', "\\", "{", "}", "[", "]", ",", ":", "a", "b", "0", "e", " ", "\n", ""]) {
        if (agrees(text.slice(0, at) + character + text.slice(at + 1))) plain++
      }
    }
    assert.isAtLeast(plain, 30)
  })
})
