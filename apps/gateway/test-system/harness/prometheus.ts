import { Effect } from "effect"
import { spawn } from "node:child_process"
import { mkdtempSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

const rules = fileURLToPath(new URL("../../../../deploy/prometheus/tocsin.rules.yml", import.meta.url))

/** A Prometheus that scrapes the gateway every second, with the shipped alert rules; returns the address of its API. */
export const scraping = Effect.fnUntraced(function* (gateway: string, token: string) {
  const folder = mkdtempSync(join(tmpdir(), "tocsin-prometheus-"))
  const config = {
    global: { scrape_interval: "1s", evaluation_interval: "1s" },
    rule_files: [rules],
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
      // It listens before it answers: until it is ready, everything is 503.
      if (address !== undefined && printed.includes("Server is ready to receive web requests")) {
        resume(Effect.succeed(`http://${address}`))
      }
    })
    child.once("exit", () => resume(Effect.die(new Error(`Prometheus ended: ${printed}`))))
  })
})
