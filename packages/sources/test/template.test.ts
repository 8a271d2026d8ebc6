import { readFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { Predicate } from "effect"
import { body, event } from "./fixtures.ts"

const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8")
const template = /```text\n([\s\S]*?)```/.exec(readme)?.[1] ?? ""

const valueAt = (path: string, scope: unknown): unknown =>
  path.split(".").reduce((at, key) => (Predicate.hasProperty(at, key) ? at[key] : undefined), scope)

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#x27;",
  "=": "&#x3D;"
}

/** As much of Handlebars as the template needs; blocks of one kind are not nested in it. */
const render = (template: string, scope: unknown): string =>
  template
    .replace(/\{\{#each ([\w.]+)\}\}([\s\S]*?)\{\{\/each\}\}/g, (_, path: string, inner: string) => {
      const list = valueAt(path, scope)
      return (Array.isArray(list) ? list : [])
        .map((member, n, { length }) =>
          render(inner.replace(/\{\{#unless @last\}\}(.*?)\{\{\/unless\}\}/g, n === length - 1 ? "" : "$1"), member)
        )
        .join("")
    })
    .replace(/\{\{#if ([\w.]+)\}\}([\s\S]*?)\{\{\/if\}\}/g, (_, path: string, inner: string) =>
      valueAt(path, scope) === undefined ? "" : inner
    )
    .replace(/\{\{(?:formatExpression )?([\w.]+)\}\}/g, (_, path: string) => {
      const value = valueAt(path, scope)
      const text = Predicate.isString(value) || Predicate.isNumber(value) ? String(value) : ""
      return text.replace(/[&<>"'=]/g, (character) => entities[character] ?? character)
    })

const raised = {
  id: "0c1d2f6e-58a0-4a53-9a31-5a6a54c29e0b",
  type: { id: 2 },
  alert: {
    id: "5abda706-c065-40fa-aa8c-059c3ac1ea9d",
    severity: { id: "CRITICAL" },
    firstSeen: { epochMilli: 1742240580000 },
    rule: {
      id: 562949955700954,
      name: 'File service "down"',
      expression: "Response Code >= 400",
      notes: "Call the file team's duty phone.",
      alertType: { id: "HTTP_SERVER" },
      account: { id: 562949953500042, organization: { id: 4711, timezone: { id: "America/Chicago" } } }
    },
    test: {
      id: 562949953500258,
      name: "Files & more - HTTP Server",
      testType: "http-server",
      labels: [{ name: "Web Server" }, { name: "EU" }]
    },
    targets: [{ description: "https://files.example.com" }],
    details: [{ metricsAtStart: "Response Code: 502", source: { id: 4503, name: "Hong Kong (Trial)" } }]
  }
}

describe("The template for a custom webhook", () => {
  it("renders a raise", () => {
    assert.deepStrictEqual(JSON.parse(render(template, raised)), body("thousandeyes-custom-tocsin-trigger"))
  })

  it("renders a clear", () => {
    const cleared = {
      ...raised,
      id: "9437a575-4b00-44a2-899a-41d1134eef08",
      type: { id: 1 },
      alert: {
        ...raised.alert,
        timeCleared: { epochMilli: 1742836860000 },
        details: raised.alert.details.map((detail) => ({ ...detail, metricsAtEnd: "Response Code: 200" }))
      }
    }
    assert.deepStrictEqual(JSON.parse(render(template, cleared)), body("thousandeyes-custom-tocsin-clear"))
  })

  it("renders an alert without a test, seen by two", () => {
    const { targets: _targets, test: _test, ...alert } = raised.alert
    const details = ["Oslo", "Bergen"].map((name) => ({ metricsAtStart: "Offline", source: { id: 1, name } }))
    const read = event(JSON.parse(render(template, { ...raised, alert: { ...alert, details } })))
    assert.isUndefined(read.test)
    assert.deepStrictEqual(read.observations, [
      { name: "Oslo", atStart: "Offline" },
      { name: "Bergen", atStart: "Offline" }
    ])
  })
})
