import { assert, describe, it } from "@effect/vitest"
import { AlertSummary, Source } from "@tocsin/client"
import { Effect } from "effect"
import { spawn } from "node:child_process"
import { mkdtempSync, writeFileSync } from "node:fs"
import { createServer } from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { listOf } from "../test/harness/answers.ts"
import { eventually } from "../test/harness/gate.ts"
import { makeInProcess } from "../test/harness/gateway.ts"

const runbook = "https://runbooks.example/disk"

/** Runs a Debian program until the scope closes or it is killed; gives the address that it prints, where it listens. */
const run = (program: string, args: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const child = yield* Effect.acquireRelease(
      Effect.sync(() => spawn(program, args, { stdio: ["ignore", "ignore", "pipe"] })),
      (child) => Effect.sync(() => child.kill("SIGKILL"))
    )
    const address = yield* Effect.callback<string>((resume) => {
      let printed = ""
      child.stderr.on("data", (part) => {
        printed += String(part)
        const [, address] = /msg="Listening on" address=(\S+)/.exec(printed) ?? []
        if (address !== undefined) resume(Effect.succeed(address))
      })
      child.once("exit", () => resume(Effect.die(new Error(`${program} ended: ${printed}`))))
    })
    return { address, kill: Effect.sync(() => child.kill("SIGKILL")) }
  })

/** A disk that Prometheus scrapes; it is full when the test says so. */
const makeDisk = Effect.gen(function* () {
  const disk = { isFull: false }
  const server = createServer((_, answer) => answer.end(`disk_full ${disk.isFull ? 1 : 0}\n`))
  yield* Effect.acquireRelease(
    Effect.promise(() => new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))),
    () => Effect.sync(() => server.close().closeAllConnections())
  )
  const bound = server.address()
  assert(typeof bound === "object" && bound !== null)
  return { disk, address: `127.0.0.1:${bound.port}` }
})

/** The credential of the configured source `shop`. */
const credential = "the-credential-of-shop"

/**
 * Starts an Alertmanager whose webhook is the gateway, and a Prometheus that sends to it, to the gateway, and to the
 * gateway's source `shop`; gives Prometheus. JSON is YAML.
 */
const monitor = Effect.fnUntraced(function* (gateway: string, disk: string) {
  const folder = mkdtempSync(join(tmpdir(), "tocsin-prometheus-"))
  const write = (name: string, content: object) => {
    writeFileSync(join(folder, name), JSON.stringify(content))
    return join(folder, name)
  }
  const { address: alertmanager } = yield* run("prometheus-alertmanager", [
    `--config.file=${write("alertmanager.yml", {
      route: { receiver: "tocsin", group_wait: "1s", group_interval: "1s", repeat_interval: "1h" },
      receivers: [{ name: "tocsin", webhook_configs: [{ url: `${gateway}/v1/sources/alertmanager` }] }]
    })}`,
    `--storage.path=${folder}/alertmanager`,
    "--web.listen-address=127.0.0.1:0",
    "--cluster.listen-address="
  ])
  const rule = {
    alert: "DiskFull",
    expr: "disk_full == 1",
    labels: { severity: "critical" },
    annotations: { summary: "No space is left", runbook_url: runbook }
  }
  const prometheus = write("prometheus.yml", {
    global: { scrape_interval: "1s", evaluation_interval: "1s" },
    rule_files: [write("rules.yml", { groups: [{ name: "disks", rules: [rule] }] })],
    scrape_configs: [{ job_name: "disks", static_configs: [{ targets: [disk] }] }],
    alerting: {
      alertmanagers: [
        { static_configs: [{ targets: [new URL(gateway).host, alertmanager] }] },
        {
          path_prefix: "/v1/sources/shop",
          authorization: { credentials: credential },
          static_configs: [{ targets: [new URL(gateway).host] }]
        }
      ]
    }
  })
  return yield* run("prometheus", [
    `--config.file=${prometheus}`,
    `--storage.tsdb.path=${folder}/data`,
    "--web.listen-address=127.0.0.1:0",
    // Otherwise an alert that was sent while the gateway was down is sent again only after a minute.
    "--rules.alert.resend-delay=1s"
  ])
})

describe("A real Prometheus", () => {
  it.live(
    "raises and clears alerts, by itself, as a named source and through Alertmanager, and its alerts expire once it is gone",
    () =>
      Effect.gen(function* () {
        const harness = yield* makeInProcess()
        const { url } = harness.gateway()
        const shop = { type: "prometheus", token: credential, defaults: { labels: { team: "shop" } } }
        assert.strictEqual((yield* harness.request("PUT", "/v1/sources/shop", shop)).status, 201)
        const { address, disk } = yield* makeDisk
        const direct = yield* harness.channels("direct", { match: { source: "prometheus" } })
        const through = yield* harness.channels("through", { match: { source: "alertmanager" } })
        const named = yield* harness.channels("named", { match: { source: "shop", labels: { team: "shop" } } })
        const alerts = (state: string) =>
          eventually(
            `the three alerts to be ${state}`,
            Effect.map(harness.request("GET", `/v1/alerts?state=${state}`), ({ as }) =>
              as(listOf(AlertSummary)).items.filter(({ rule }) => rule.name === "DiskFull")
            ),
            (items) => items.length >= 3
          )

        const prometheus = yield* monitor(url, address)
        disk.isFull = true
        const raised = yield* alerts("raised")
        // Prometheus and Alertmanager know an alert by the same fingerprint.
        assert.strictEqual(new Set(raised.map(({ sourceId }) => sourceId)).size, 1)
        yield* direct.received(1)
        yield* through.received(1)
        yield* named.received(1)

        yield* harness.gateway().stop("SIGTERM")
        disk.isFull = false
        yield* harness.startWith({ TOCSIN_PORT: new URL(url).port })
        yield* alerts("cleared")

        for (const { received } of [direct, through, named]) {
          const [first, second] = yield* received(2)
          assert.include(first?.slack.shown, `Raised: DiskFull on ${address}`)
          assert.include(first?.slack.shown, "disk_full == 1")
          assert.include(first?.slack.shown, `Runbook (${runbook})`)
          assert.include(second?.slack.shown, `Cleared: DiskFull on ${address}`)
        }

        // Nobody says any more that it is over: the end that Prometheus stated passes.
        disk.isFull = true
        yield* alerts("raised")
        // How long Prometheus takes to repeat an alert is known once it has.
        const lastEventAt = Effect.map(harness.request("GET", "/v1/sources"), ({ as }) =>
          String(as(listOf(Source)).items.find(({ name }) => name === "prometheus")?.lastEventAt)
        )
        const before = yield* lastEventAt
        yield* eventually("a repeat", lastEventAt, (at) => at !== before)
        yield* prometheus.kill
        const expired = yield* eventually("the alert to expire", alerts("cleared"), (items) => items.length === 6)
        assert.deepStrictEqual(expired.map(({ clearedBecause, source }) => `${source} ${clearedBecause}`).toSorted(), [
          "alertmanager conditionsNoLongerMet",
          "alertmanager conditionsNoLongerMet",
          "prometheus conditionsNoLongerMet",
          "prometheus expired",
          "shop conditionsNoLongerMet",
          "shop expired"
        ])
        assert.lengthOf(yield* direct.received(4), 4)
        assert.lengthOf(yield* named.received(4), 4)
      })
  )
})
