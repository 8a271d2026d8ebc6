import { assert, describe, it } from "@effect/vitest"
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"

const read = (path: string) => readFileSync(fileURLToPath(new URL(`../../../../${path}`, import.meta.url)), "utf8")

describe("The alert rules for Tocsin itself", () => {
  it("lead each to its own section of the guide", () => {
    const rules = read("deploy/prometheus/tocsin.rules.yml")
    const names = [...rules.matchAll(/- alert: (\w+)/g)].map(([, name]) => name ?? "")
    const runbooks = [...rules.matchAll(/runbook_url: (\S+)/g)].map(([, url]) => url)
    assert.isAbove(names.length, 5)
    assert.deepStrictEqual(
      runbooks,
      names.map((name) => `https://docs.example.com/tocsin/guide/monitor.md#${name.toLowerCase()}`)
    )
    const sections = [...read("docs/guide/monitor.md").matchAll(/^### (Tocsin\w+)$/gm)].map(([, name]) => name ?? "")
    assert.deepStrictEqual(sections.toSorted(), names.toSorted())
  })
})
