import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { execFileSync, spawn, spawnSync } from "node:child_process"
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { eventually } from "../test/harness/gate.ts"
import { makeInProcess } from "../test/harness/gateway.ts"

const rules = fileURLToPath(new URL("../../../deploy/prometheus", import.meta.url))
const guide = fileURLToPath(new URL("../../../docs/guide/monitor.md", import.meta.url))
const token = "c4n4ry-token-of-24-characters"

/** A Prometheus that scrapes the gateway every second, with the rules that are shipped; the address of its API. */
const prometheus = Effect.fnUntraced(function* (gateway: string) {
  const folder = mkdtempSync(join(tmpdir(), "tocsin-prometheus-"))
  const config = {
    global: { scrape_interval: "1s", evaluation_interval: "1s" },
    rule_files: [join(rules, "tocsin.rules.yml")],
    scrape_configs: [
      {
        job_name: "tocsin",
        authorization: { credentials: token },
        static_configs: [{ targets: [new URL(gateway).host] }]
      }
    ]
  }
  // JSON is YAML.
  writeFileSync(join(folder, "prometheus.yml"), JSON.stringify(config), { mode: 0o600 })
  const child = yield* Effect.acquireRelease(
    Effect.sync(() =>
      spawn(
        "prometheus",
        [
          `--config.file=${folder}/prometheus.yml`,
          `--storage.tsdb.path=${folder}/data`,
          "--web.listen-address=127.0.0.1:0"
        ],
        { stdio: ["ignore", "ignore", "pipe"] }
      )
    ),
    (child) => Effect.sync(() => child.kill("SIGKILL"))
  )
  return yield* Effect.callback<string>((resume) => {
    let printed = ""
    child.stderr.on("data", (part) => {
      printed += String(part)
      const [, address] = /msg="Listening on" address=(\S+)/.exec(printed) ?? []
      if (address !== undefined) resume(Effect.succeed(`http://${address}`))
    })
    child.once("exit", () => resume(Effect.die(new Error(`Prometheus ended: ${printed}`))))
  })
})

describe("The alert rules for Tocsin itself", () => {
  it("pass promtool's checks and their own tests", () => {
    const promtool = (...args: ReadonlyArray<string>) =>
      execFileSync("promtool", args, { cwd: rules, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] })
    assert.include(promtool("check", "rules", "--lint-fatal", "tocsin.rules.yml"), "SUCCESS")
    assert.include(promtool("test", "rules", "tocsin.rules.test.yml"), "SUCCESS")
    // Each has a row in the guide.
    const shipped = readFileSync(join(rules, "tocsin.rules.yml"), "utf8").matchAll(/- alert: (\w+)/g)
    const rows = readFileSync(guide, "utf8").matchAll(/^\| `(Tocsin\w+)`/gm)
    assert.deepStrictEqual(
      [...shipped].map(([, name]) => name),
      [...rows].map(([, name]) => name)
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

      const api = yield* prometheus(harness.gateway().url)
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
