import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { execFileSync, spawnSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { eventually } from "../test/harness/gate.ts"
import { makeInProcess } from "../test/harness/gateway.ts"
import { scraping } from "./harness/prometheus.ts"

const rules = fileURLToPath(new URL("../../../deploy/prometheus", import.meta.url))
const guide = fileURLToPath(new URL("../../../docs/guide/monitor.md", import.meta.url))
const token = "c4n4ry-token-of-24-characters"

describe("The alert rules for Tocsin itself", () => {
  it("pass promtool's checks and their own tests", () => {
    const promtool = (...args: ReadonlyArray<string>) =>
      execFileSync("promtool", args, { cwd: rules, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] })
    assert.include(promtool("check", "rules", "--lint-fatal", "tocsin.rules.yml"), "SUCCESS")
    assert.include(promtool("test", "rules", "tocsin.rules.test.yml"), "SUCCESS")
    // Each has a section in the guide, where its runbook_url leads.
    const shipped = readFileSync(join(rules, "tocsin.rules.yml"), "utf8").matchAll(/- alert: (\w+)/g)
    const sections = readFileSync(guide, "utf8").matchAll(/^### (Tocsin\w+)$/gm)
    assert.deepStrictEqual(
      [...shipped].map(([, name]) => name),
      [...sections].map(([, name]) => name)
    )
  })

  it.live("fire in a real Prometheus where an integration is broken", () =>
    Effect.gen(function* () {
      const harness = yield* makeInProcess({ TOCSIN_TOKEN: token })
      const ask = (method: "GET" | "POST", path: string, body?: unknown) =>
        harness.request(method, path, body, { authorization: `Bearer ${token}` })
      const settings = { url: `${harness.slackUrl}/services/T0/B0/broken` }
      yield* ask("POST", "/v1/integrations", { id: "ops", name: "Ops", type: "slack", settings })
      yield* ask("POST", "/v1/rules", { name: "All", match: {}, integrations: ["ops"] })
      harness.slack.behaviour = "revoked"
      const alert = {
        source: "s",
        id: "1",
        state: "raised",
        startedAt: "2026-01-01T00:00:00Z",
        rule: { name: "Disk full" }
      }
      yield* ask("POST", "/v1/alerts", alert)

      const api = yield* scraping(harness.gateway().url, token)
      const firing = Effect.promise(async () => (await fetch(`${api}/api/v1/alerts`)).text())
      const text = yield* eventually("the alert", firing, (text) => text.includes("TocsinIntegrationBroken"))
      assert.include(text, '"integration":"ops"')
      assert.include(text, '"state":"firing"')
      assert.notInclude(text, "c4n4ry")
      const scraped = yield* ask("GET", "/metrics")
      const { stderr, stdout } = spawnSync("promtool", ["check", "metrics"], { input: scraped.text, encoding: "utf8" })
      assert.strictEqual(stdout + stderr, "")
    })
  )
})
