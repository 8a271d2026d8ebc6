import { assert, describe, it } from "@effect/vitest"
import { type Match, matches } from "@tocsin/core"
import { samples } from "@tocsin/core/testing"
import { Schema } from "effect"

const alert = { ...samples.raised, labels: { team: "shop", region: "eu-west" } }

describe("matches", () => {
  const yes: ReadonlyArray<Match> = [
    {},
    { source: "thousandeyes" },
    { source: ["prometheus", "thousand*"] },
    { rule: "HTTP errors" },
    { rule: "4500353" },
    { rule: "HTTP*" },
    { rule: "*errors" },
    { rule: "H*P*rr*s" },
    { rule: "*" },
    { test: "checkout-*" },
    { test: "2800817" },
    { severity: "major" },
    { severity: "minor" },
    { labels: { team: "shop" } },
    { labels: { team: ["ops", "sh*"], region: "eu-*" } },
    { source: "thousandeyes", rule: "HTTP*", test: "*eu", severity: "info", labels: { team: "*" } }
  ]
  it.each(yes.map((match) => [JSON.stringify(match), match] as const))("%s", (_, match) => {
    assert.isTrue(matches(match, alert))
  })

  const no: ReadonlyArray<Match> = [
    { source: "ThousandEyes" },
    { source: [] },
    { rule: "http errors" },
    { rule: "HTTP" },
    { rule: "HTTP errors*x" },
    { rule: "HTTP err*errors" },
    { severity: "critical" },
    { labels: { team: "ops" } },
    { labels: { owner: "*" } },
    { labels: { constructor: "*" } },
    { source: "thousandeyes", test: "other" }
  ]
  it.each(no.map((match) => [JSON.stringify(match), match] as const))("not %s", (_, match) => {
    assert.isFalse(matches(match, alert))
  })

  it("an alert without a test meets no pattern for tests", () => {
    assert.isFalse(matches({ test: "*" }, samples.agent))
  })

  it("takes no time with hundreds of * that almost match", () => {
    const name = "a".repeat(4096)
    for (const [glob, isMatch] of [
      ["*a".repeat(2047), true],
      [`${"*a".repeat(2047)}*b`, false],
      [`${"*aa".repeat(1000)}*`, true],
      [`${"a*".repeat(1000)}b*a`, false],
      [`*${"a".repeat(2000)}b${"a".repeat(2000)}*`, false],
      ["*".repeat(4096), true]
    ] as const) {
      const globs = Array.from({ length: 1000 }, () => glob)
      assert.strictEqual(matches({ rule: globs }, { ...alert, rule: { name } }), isMatch)
    }
  })

  const part = Schema.Array(Schema.Literals(["a", "b", "*"]))
  it.prop("agrees with a regular expression", [part, part], ([glob, text]) => {
    const pattern = new RegExp(`^${glob.map((c) => (c === "*" ? ".*" : c)).join("")}$`)
    const name = text.join("").replaceAll("*", "c") || "a"
    assert.strictEqual(matches({ rule: glob.join("") }, { ...alert, rule: { name } }), pattern.test(name))
  })
})
