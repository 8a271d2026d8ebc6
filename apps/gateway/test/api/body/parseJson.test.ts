import { assert, describe, it } from "@effect/vitest"
import { InvalidInput } from "@tocsin/delivery"
import { Schema } from "effect"
import { type JsonOptions, parseJson } from "../../../src/api/body/parseJson.ts"
import { hostile } from "../../harness/hostileBodies.ts"

const options: JsonOptions = { maxValues: 100_000, repeated: "last", number: Number }

/** Parses to the end; gives the value, or the error, and how often it paused. */
const run = (text: string, changes: Partial<JsonOptions> = {}) => {
  const parsing = parseJson(text, { ...options, ...changes })
  for (let pauses = 0; ; pauses++) {
    try {
      const { done, value } = parsing.next()
      if (done === true) return { ...value, error: undefined, pauses }
    } catch (error) {
      if (!(error instanceof InvalidInput)) throw error
      return { value: undefined, isCorrected: false, error: error.errors[0], pauses }
    }
  }
}

describe("parseJson", () => {
  it.each([
    "null",
    " true ",
    "false",
    "0",
    "-0",
    "-1.5e+3",
    "1E2",
    "123456789012345678901234567890",
    "1e999",
    '""',
    '"é\u2028\ud83d\ude00"',
    String.raw`"\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00"`,
    "[]",
    "{}",
    "\t[ \n{ \r} , [ [ ] ] , 1 ]",
    '{"a":{"b":[{"c":null}]},"d":""}',
    '{"":1,"a b":2,"\\u0061":3}',
    '{"__proto__":{"x":1},"constructor":2,"toString":3}',
    '{"a":1,"a":2,"2":0,"1":0}'
  ])("reads %s as JSON.parse does", (text) => {
    const { isCorrected, value } = run(text)
    assert.deepStrictEqual(value, JSON.parse(text))
    assert.strictEqual(JSON.stringify(value), JSON.stringify(JSON.parse(text)))
    assert.isFalse(isCorrected)
  })

  it.each([
    "",
    " ",
    "nul",
    "truefalse",
    "NaN",
    "undefined",
    "01",
    "+1",
    ".5",
    "1.",
    "1e",
    "-",
    "0x10",
    "'a'",
    '"',
    '"a',
    '"\t"',
    '"\\x"',
    '"\\u12g4"',
    '"\\',
    "[",
    "[1",
    "[1,",
    "[1,]",
    "[,1]",
    "[1 2]",
    "[1}",
    "]",
    "{",
    '{"a"',
    '{"a":',
    '{"a":1',
    '{"a":1,',
    '{"a":1,}',
    '{"a" 1}',
    "{a:1}",
    "{1:1}",
    '{"a":1]',
    "1 2",
    "[] x",
    "// comment\n1",
    "/* comment */ 1",
    "\u00a01",
    "\ufeff1",
    "\u00001"
  ])("refuses %j as JSON.parse does", (text) => {
    assert.throws(() => JSON.parse(text), SyntaxError)
    assert.strictEqual(run(text).error?.expected, "JSON")
  })

  it("agrees with JSON.parse on texts with one changed character", () => {
    const text = String.raw`{"a":[1,-2.5e3,"x\n\u00e9",{"b":null}],"c":true}`
    for (let at = 0; at < text.length; at++) {
      for (const character of ['"', "\\", "{", "}", "[", "]", ",", ":", "0", "e", " ", "\n", ""]) {
        const changed = text.slice(0, at) + character + text.slice(at + 1)
        const expected = (() => {
          try {
            return { value: JSON.parse(changed) as unknown }
          } catch {
            return undefined
          }
        })()
        const { error, value } = run(changed)
        if (expected === undefined) assert.isDefined(error, changed)
        else assert.deepStrictEqual(value, expected.value, changed)
      }
    }
  })

  it("names the line and column of a syntax error", () => {
    for (const [text, place] of [
      ["[1,\n 2,\r\n\tx]", "line 3, column 2 (position 10)"],
      ['{"a"\r: "b\n"}', "line 2, column 3 (position 7)"],
      ["[1, 2", "line 1, column 6 (position 5)"]
    ] as const) {
      assert.strictEqual(run(text).error?.message, `The body is not JSON: ${place}`)
    }
  })

  it("replaces characters that no store can hold, and reports it", () => {
    const written = String.raw`{"a\u0000":"\ud83d\ude00 \ud83d \ude00\uDBFF","b":"\\u0000"}`
    const { isCorrected, value } = run(written)
    assert.deepStrictEqual(value, { "a\ufffd": "\ud83d\ude00 \ufffd \ufffd\ufffd", b: "\\u0000" })
    assert.isTrue(isCorrected)
  })

  it("reads numbers as the options say", () => {
    assert.deepStrictEqual(run("[1,2.50]", { number: (written) => `<${written}>` }).value, ["<1>", "<2.50>"])
  })

  it("reads every kind of JSON value", () => {
    const { value } = run(JSON.stringify(everything))
    assert.deepStrictEqual(value, everything)
    assert.isTrue(Schema.is(Schema.Json)(value))
  })
})

describe("Bodies that would block the gateway", () => {
  it.each(Object.entries(hostile))("%s: reading pauses often, or stops at a limit", (_, { bytes, outcome, pauses }) => {
    const text = bytes.toString()
    assert.isAtMost(bytes.length, 4 * 1024 * 1024)
    const parsed = run(text, { repeated: "refuse" })
    if (outcome === "read") assert.isUndefined(parsed.error, parsed.error?.message)
    else assert.include(parsed.error?.expected, outcome)
    assert.isAtLeast(parsed.pauses, pauses)
  })

  it("at most 1,000 values are parsed between two pauses", () => {
    let made = 0
    let most = 0
    const text = `[${"0,".repeat(50_000)}0]`
    const parsing = parseJson(text, { ...options, number: () => ++made })
    for (let done: boolean | undefined = false; done !== true;) {
      made = 0
      done = parsing.next().done
      most = Math.max(most, made)
    }
    assert.isAtMost(most, 1000)
  })
})

const everything = {
  text: "x",
  number: -1.5,
  yes: true,
  no: false,
  nothing: null,
  list: [[], {}, [1, [2, [3]]]],
  object: { a: { b: { c: [{ d: 1 }] } } }
}
