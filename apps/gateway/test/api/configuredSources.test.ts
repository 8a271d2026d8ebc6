import { assert, describe, layer } from "@effect/vitest"
import { AlertSummary, AuditEntry, ConfiguredSource, NewKey, Source, Taken, UnreadableBody } from "@tocsin/client"
import { Effect, Schedule } from "effect"
import { createHmac } from "node:crypto"
import { readFileSync, writeFileSync } from "node:fs"
import { DatabaseSync } from "node:sqlite"
import { errorsOf, listOf, Problem } from "../harness/answers.ts"
import { eventually } from "../harness/gate.ts"
import { SharedHarness } from "../harness/gateway.ts"
import { send } from "../harness/raw.ts"
import { bodyOf } from "../harness/sourceBodies.ts"

const token = "the-operators-t0ken"
const admin = { authorization: `Bearer ${token}` }
const bearer = (secret: string) => ({ authorization: `Bearer ${secret}` })

const request = Effect.fnUntraced(function* (
  method: "GET" | "POST" | "PUT" | "DELETE",
  path: string,
  body?: unknown,
  headers: { readonly [name: string]: string } = admin
) {
  return yield* (yield* SharedHarness).request(method, path, body, headers)
})

const configure = Effect.fnUntraced(function* (name: string, source: object, status = 201) {
  const answer = yield* request("PUT", `/v1/sources/${name}`, source)
  assert.strictEqual(answer.status, status, answer.text)
  return answer
})

const alertsOf = Effect.fnUntraced(function* (source: string) {
  return (yield* request("GET", `/v1/alerts?source=${source}`)).as(listOf(AlertSummary)).items
})

/** The numbers in the first column of a query, in a backup: the gateway locks its database. */
const stored = Effect.fnUntraced(function* (query: string) {
  const { database, gateway } = yield* SharedHarness
  // The gateway makes one backup at a time, and may not know yet that the last one was read.
  const backup = yield* Effect.tryPromise(async () => {
    const answer = await fetch(`${gateway().url}/v1/backup`, { method: "POST", headers: admin })
    const bytes = await answer.bytes()
    if (!answer.ok) throw new Error(`A backup was refused with ${answer.status}`)
    return bytes
  }).pipe(Effect.retry({ schedule: Schedule.spaced("30 millis"), times: 1000 }))
  const file = `${database}.backup`
  writeFileSync(file, backup)
  const store = new DatabaseSync(file)
  const rows = store.prepare(query).all()
  store.close()
  return rows.flatMap((row) => Object.values(row).slice(0, 1)).map(Number)
})

const firing = bodyOf("alertmanager", "firing")

describe("Configured sources", () => {
  layer(SharedHarness.layer({ TOCSIN_TOKEN: token }), { excludeTestServices: true })((it) => {
    it.effect("are saved by a key with the scope write, and get credentials by one with the scope admin only", () =>
      Effect.gen(function* () {
        const key = yield* request("POST", "/v1/keys", { name: "editor", scopes: ["write"] })
        const editor = bearer(key.as(NewKey).secret)
        const save = (source: object, headers: { readonly [name: string]: string }) =>
          request("PUT", "/v1/sources/granted", { type: "grafana", ...source }, headers)
        const credentials = [
          { token: "a-token-that-would-remain" },
          { urlToken: "a-token-that-would-remain" },
          { basic: { user: "grafana", password: "a-password-that-would-remain" } },
          { hmac: { secret: "a-secret-that-would-remain" } }
        ]
        for (const credential of credentials) {
          const refused = yield* save(credential, editor)
          assert.strictEqual(refused.status, 403, refused.text)
          assert.include(refused.as(Problem).detail, "the scope admin, because it sets a credential")
        }
        assert.strictEqual((yield* save({}, editor)).status, 201)
        for (const credential of credentials) assert.strictEqual((yield* save(credential, admin)).status, 200)
        // Those that are left out stay; null removes one.
        const kept = yield* save({ basic: { user: "grafana" }, hmac: {}, urlToken: null }, editor)
        assert.deepStrictEqual(kept.as(ConfiguredSource).secretsSet, ["/token", "/basic/password", "/hmac/secret"])
      })
    )

    it.effect("of one type are told apart by their names, and get their own defaults", () =>
      Effect.gen(function* () {
        for (const [name, team] of [
          ["am-eu", "europe"],
          ["am-us", "america"]
        ] as const) {
          const secret = `credential-of-${name}`
          const defaults = { labels: { team } }
          yield* configure(name, { type: "alertmanager", token: secret, defaults })
          const taken = yield* request("POST", `/v1/sources/${name}`, yield* firing, bearer(secret))
          assert.deepStrictEqual(taken.as(Taken), { accepted: 2, unreadable: 0 }, taken.text)
          const alerts = yield* alertsOf(name)
          assert.deepStrictEqual(
            alerts.map(({ labels }) => labels["team"]),
            [team, team]
          )
        }
        const { items } = (yield* request("GET", "/v1/sources")).as(listOf(Source))
        assert.deepInclude(
          items.find(({ name }) => name === "am-eu"),
          { type: "alertmanager", address: "/v1/sources/am-eu", isConfigured: true, state: "ok", events24h: 2 }
        )
      })
    )

    it.effect("are shown without their credentials, and are replaced and removed as integrations are", () =>
      Effect.gen(function* () {
        const source = {
          type: "grafana",
          token: "the-token-of-shown",
          basic: { user: "grafana", password: "the-password-of-shown" },
          hmac: { secret: "the-hmac-of-shown" },
          urlToken: "the-url-token-of-shown",
          expireAfter: 3600,
          expectEvery: 86400,
          rateLimit: { messages: 100, perSeconds: 60 },
          defaults: { severity: "critical" as const, labels: { team: "net" }, timezone: "Europe/Berlin" }
        }
        yield* configure("shown", source)
        const got = yield* request("GET", "/v1/sources/shown")
        const shown = got.as(ConfiguredSource)
        const { basic: _, hmac: __, token: ___, urlToken: ____, ...visible } = source
        assert.deepInclude(shown, {
          ...visible,
          basic: { user: "grafana" },
          hmac: { header: "X-Grafana-Alerting-Signature" },
          address: "/v1/sources/shown",
          secretsSet: ["/token", "/urlToken", "/basic/password", "/hmac/secret"]
        })
        assert.notInclude(got.text, "-of-shown")
        const etag = got.headers["etag"] ?? ""
        // What was read may be sent back: secrets that are left out stay.
        const { headers: again, status } = yield* request("PUT", "/v1/sources/shown", JSON.parse(got.text), {
          ...admin,
          "if-match": etag
        })
        assert.strictEqual(status, 200)
        const stale = yield* request("PUT", "/v1/sources/shown", JSON.parse(got.text), { ...admin, "if-match": etag })
        assert.strictEqual(stale.status, 412)
        assert.strictEqual(
          (yield* request("POST", "/v1/sources/shown", { alerts: [] }, bearer(source.token))).status,
          200
        )
        yield* configure("shown", { type: "grafana", token: null }, 200)
        assert.strictEqual(
          (yield* request("POST", "/v1/sources/shown", { alerts: [] }, bearer(source.token))).status,
          401
        )
        const rest = (yield* request("GET", "/v1/sources/shown")).as(ConfiguredSource)
        assert.deepStrictEqual(rest.secretsSet, ["/urlToken", "/basic/password", "/hmac/secret"])
        assert.notProperty(rest, "expireAfter")
        assert.strictEqual(
          (yield* request("DELETE", "/v1/sources/shown", undefined, { ...admin, "if-match": again["etag"] ?? "" }))
            .status,
          412
        )
        assert.strictEqual((yield* request("DELETE", "/v1/sources/shown")).status, 204)
        assert.strictEqual((yield* request("GET", "/v1/sources/shown")).status, 404)
        const basic = `Basic ${Buffer.from("grafana:the-password-of-shown").toString("base64")}`
        assert.strictEqual((yield* request("POST", "/v1/sources/shown", {}, { authorization: basic })).status, 401)
      })
    )

    it.effect("have credentials that allow posting to them and nothing else", () =>
      Effect.gen(function* () {
        const secret = "credential-of-one-source"
        const password = "password-of-one-source"
        yield* configure("only", { type: "alertmanager", token: secret, basic: { user: "am", password } })
        yield* configure("another", { type: "alertmanager" })
        const basic = (user: string) => ({
          authorization: `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`
        })
        assert.strictEqual((yield* request("POST", "/v1/sources/only", yield* firing, bearer(secret))).status, 200)
        assert.strictEqual((yield* request("POST", "/v1/sources/only", yield* firing, basic("am"))).status, 200)
        assert.strictEqual((yield* request("POST", "/v1/sources/only", yield* firing, basic("other"))).status, 401)
        assert.strictEqual((yield* request("POST", "/v1/sources/only", yield* firing, bearer(password))).status, 401)
        for (const [method, path] of [
          ["POST", "/v1/sources/another"],
          ["POST", "/v1/sources/alertmanager"],
          ["POST", "/v1/alerts"],
          ["GET", "/v1/alerts"],
          ["GET", "/v1/sources"],
          ["PUT", "/v1/sources/only"],
          ["GET", "/metrics"]
        ] as const) {
          const body = method === "GET" ? undefined : path === "/v1/alerts" ? alert("only-other") : yield* firing
          assert.strictEqual((yield* request(method, path, body, bearer(secret))).status, 403, `${method} ${path}`)
        }
        assert.strictEqual((yield* request("POST", "/v1/session", { token: secret }, {})).status, 403)
        const twice = yield* request("PUT", "/v1/sources/another", { type: "alertmanager", token: secret })
        assert.deepStrictEqual([twice.status, errorsOf(twice)[0]?.path], [400, "/token"])
        const same = yield* request("PUT", "/v1/sources/another", { type: "alertmanager", token })
        assert.deepStrictEqual([same.status, errorsOf(same)[0]?.path], [400, "/token"])
      })
    )

    it.effect("of Prometheus are posted to below their path_prefix", () =>
      Effect.gen(function* () {
        yield* configure("prom-eu", { type: "prometheus", token: "credential-of-prom-eu" })
        const alerts = [{ labels: { alertname: "InstanceDown", instance: "db-2" } }]
        const path = "/v1/sources/prom-eu/api/v2/alerts"
        const taken = yield* request("POST", path, alerts, bearer("credential-of-prom-eu"))
        assert.deepStrictEqual(taken.as(Taken), { accepted: 1, unreadable: 0 })
        assert.strictEqual((yield* alertsOf("prom-eu")).length, 1)
        assert.strictEqual((yield* request("GET", "/v1/sources/prom-eu")).as(ConfiguredSource).address, path)
        yield* configure("no-prom", { type: "grafana" })
        assert.strictEqual((yield* request("POST", "/v1/sources/no-prom/api/v2/alerts", alerts)).status, 404)
      })
    )

    it.effect("of PagerDuty's type are chosen by their routing_key", () =>
      Effect.gen(function* () {
        const key = "0123456789abcdef0123456789abcdef"
        yield* configure("pager-team", { type: "pagerduty", token: key })
        const event = (yield* bodyOf("pagerduty", "trigger")).replace(
          /"routing_key": "[^"]*"/,
          `"routing_key": "${key}"`
        )
        assert.strictEqual((yield* request("POST", "/v2/enqueue", event, {})).status, 202)
        assert.strictEqual((yield* alertsOf("pager-team")).length, 1)
        assert.strictEqual((yield* alertsOf("pagerduty")).length, 0)
        const wrong = event.replace(key, "f".repeat(32))
        assert.strictEqual((yield* request("POST", "/v2/enqueue", wrong, {})).status, 401)
        yield* configure("not-pager", { type: "alertmanager", token: "f".repeat(32) })
        const refused = yield* request("POST", "/v2/enqueue", wrong, {})
        assert.strictEqual(refused.status, 403)
        assert.include(refused.as(Problem).detail, "the scope ingest:NAME, with a source of the type pagerduty")

        const unreadable = { routing_key: key, event_action: "trigger", note: `sent with ${key}` }
        assert.strictEqual((yield* request("POST", "/v2/enqueue", unreadable, {})).status, 400)
        const { items } = (yield* request("GET", "/v1/sources/unreadable")).as(listOf(UnreadableBody))
        const kept = items.find(({ source }) => source === "pager-team")?.body
        assert.include(kept, "sent with <redacted>")
        assert.notInclude(kept, key)
      })
    )

    it.effect("of Grafana sign their bodies, with or without a time", () =>
      Effect.gen(function* () {
        const body = yield* bodyOf("grafana", "firing")
        const sign = (text: string) => createHmac("sha256", "the-hmac-secret").update(text).digest("hex")
        const header = "X-Grafana-Alerting-Signature"
        yield* configure("signed", { type: "grafana", hmac: { secret: "the-hmac-secret" } })
        const post = (name: string, headers: { readonly [name: string]: string }, text = body) =>
          Effect.map(request("POST", `/v1/sources/${name}`, text, headers), ({ status }) => status)
        assert.strictEqual(yield* post("signed", { [header]: sign(body) }), 200)
        assert.strictEqual((yield* alertsOf("signed")).length, 1)
        assert.strictEqual(yield* post("signed", { [header]: sign(body) }, body.replace("firing", "Firing")), 401)
        assert.strictEqual(yield* post("signed", {}), 401)
        assert.strictEqual(yield* post("grafana", { [header]: sign(body) }), 401)
        assert.strictEqual(yield* post("none-of-this-name", { [header]: sign(body) }), 401)
        assert.strictEqual(yield* post("signed", admin), 200)

        const timestampHeader = "X-Grafana-Alerting-Timestamp"
        yield* configure("timed", { type: "grafana", hmac: { secret: "the-hmac-secret", timestampHeader } })
        const at = (seconds: number) => {
          const time = String(Math.floor(Date.now() / 1000) + seconds)
          return { [header]: sign(`${time}:${body}`), [timestampHeader]: time }
        }
        assert.strictEqual(yield* post("timed", at(0)), 200)
        assert.strictEqual(yield* post("timed", at(-3600)), 401)
        assert.strictEqual(yield* post("timed", { [header]: sign(body) }), 401)
        const { items } = (yield* request("GET", "/v1/sources/unreadable")).as(listOf(UnreadableBody))
        assert.notInclude(
          items.map(({ source }) => source),
          "signed"
        )
      })
    )

    it.effect("that can set no header post to a URL with their token, which is recorded nowhere", () =>
      Effect.gen(function* () {
        const harness = yield* SharedHarness
        const urlToken = "canary-url-token-of-azure"
        yield* configure("azure", { type: "azure-monitor", urlToken })
        const path = `/v1/sources/azure/in/${urlToken}`
        const taken = yield* request("POST", path, yield* bodyOf("azure-monitor", "fired"), {})
        assert.deepStrictEqual(taken.as(Taken), { accepted: 1, unreadable: 0 })
        assert.strictEqual((yield* request("POST", path.replace("canary", "wrong"), {}, {})).status, 401)
        assert.strictEqual((yield* request("POST", `/v1/sources/grafana/in/${urlToken}`, {}, {})).status, 401)
        // A URL token is no bearer token.
        assert.strictEqual((yield* request("POST", "/v1/sources/azure", {}, bearer(urlToken))).status, 401)
        assert.strictEqual((yield* request("GET", path)).status, 405)
        // As .NET and curl announce bodies, as proxies write targets, and as people join addresses.
        const { url } = harness.gateway()
        const body = yield* bodyOf("azure-monitor", "fired")
        for (const other of [
          { path, headers: { expect: "100-continue" } },
          { path: `${url}${path}` },
          { path: `/${path}` },
          { path: path.replace("/in/", "/In//") },
          { path: `${path}/?n=1` }
        ]) {
          const { status, text } = yield* send(url, { method: "POST", body, ...other })
          assert.strictEqual(status, 200, `${other.path} ${text}`)
        }
        yield* request("POST", path, { unknown: `shape of ${urlToken}` }, {})
        yield* request("POST", path, `no JSON, ${urlToken}`, {})
        yield* request("GET", "/v1/sources/unreadable")
        yield* request("GET", "/v1/audit")
        assert.isFalse(harness.answers.some((answer) => answer.includes(urlToken)))
        assert.notInclude(harness.gateway().printed(), urlToken)
        for (const file of [harness.database, `${harness.database}-wal`]) {
          assert.isFalse(readFileSync(file).includes(urlToken), file)
        }
      })
    )

    it.effect("with expireAfter let alerts expire that they do not repeat, instead of when they state themselves", () =>
      Effect.gen(function* () {
        yield* configure("expiring", { type: "prometheus", expireAfter: 7200 })
        const body = [{ labels: { alertname: "x" }, endsAt: new Date(Date.now() + 240_000).toISOString() }]
        /** When the alert expires, as it is stored. */
        const repeat = Effect.gen(function* () {
          const began = Date.now()
          assert.strictEqual((yield* request("POST", "/v1/sources/expiring/api/v2/alerts", body)).status, 200)
          const [expiresAt = 0] = yield* stored("SELECT expires_at FROM alerts WHERE source = 'expiring'")
          assert.isAtLeast(expiresAt, began + 7_200_000)
          assert.isAtMost(expiresAt, Date.now() + 7_200_000)
          return expiresAt
        })
        const first = yield* repeat
        assert.isAtLeast(yield* repeat, first)
      })
    )

    it.effect("with expectEvery are heard on every route that they can post to", () =>
      Effect.gen(function* () {
        const sign = (text: string) => createHmac("sha256", "the-hmac-of-heard").update(text).digest("hex")
        const [secret, urlToken] = ["the-token-of-heard", "the-url-token-of-heard"]
        const inUrl = `/v1/sources/heard-in-url/in/${urlToken}`
        const page = { routing_key: secret, event_action: "trigger", payload: { summary: "down" } }
        const routes = [
          ["heard", { type: "alertmanager" }, "/v1/sources/heard", yield* firing, admin],
          ["heard-in-url", { type: "alertmanager", urlToken }, inUrl, yield* firing, {}],
          ["heard-prom", { type: "prometheus" }, "/v1/sources/heard-prom/api/v2/alerts", [], admin],
          ["prometheus", { type: "prometheus" }, "/api/v2/alerts", [], admin],
          ["heard-page", { type: "pagerduty", token: secret }, "/v2/enqueue", page, {}],
          [
            "heard-signed",
            { type: "alertmanager", hmac: { secret: "the-hmac-of-heard", header: "X-Signature" } },
            "/v1/sources/heard-signed",
            yield* firing,
            { "X-Signature": sign(yield* firing) }
          ]
        ] as const
        for (const [name, source, path, body, headers] of routes) {
          yield* configure(name, { ...source, expectEvery: 600 })
          const answer = yield* request("POST", path, body, headers)
          assert.oneOf(answer.status, [200, 202], `${path} ${answer.text}`)
        }
        const heard = stored("SELECT count(*) FROM sources WHERE last_heard_at IS NOT NULL")
        yield* eventually("the time of each", heard, ([count]) => count === routes.length)
        yield* request("DELETE", "/v1/sources/prometheus")
      })
    )

    it.effect("above their rate limit get 503 and when to send again", () =>
      Effect.gen(function* () {
        yield* configure("limited", { type: "alertmanager", rateLimit: { messages: 2, perSeconds: 3600 } })
        const post = request("POST", "/v1/sources/limited", yield* firing)
        assert.deepStrictEqual([(yield* post).status, (yield* post).status], [200, 200])
        const refused = yield* post
        assert.strictEqual(refused.status, 503)
        assert.isAbove(Number(refused.headers["retry-after"]), 1700)
        assert.include(refused.as(Problem).detail, "rate limit")
      })
    )

    it.effect("of JSON are read by their mapping, which is checked when it is saved", () =>
      Effect.gen(function* () {
        const mapping = {
          id: "/id",
          state: { value: "/status", map: { open: "raised", closed: "cleared" } },
          name: "/title"
        }
        yield* configure("mapped", { type: "json", mapping })
        const body = { id: 7, status: "open", title: "Out of paper" }
        assert.strictEqual((yield* request("POST", "/v1/sources/mapped", body)).status, 200)
        assert.deepStrictEqual(
          (yield* alertsOf("mapped")).map(({ rule, sourceId }) => [sourceId, rule.name]),
          [["7", "Out of paper"]]
        )
        assert.deepStrictEqual((yield* request("GET", "/v1/sources/mapped")).as(ConfiguredSource).mapping, mapping)
        const wrong = yield* request("PUT", "/v1/sources/wrong", {
          type: "json",
          mapping: { ...mapping, id: "no pointer" }
        })
        assert.strictEqual(wrong.status, 400)
        assert.match(errorsOf(wrong)[0]?.path ?? "", /^\/mapping\/id/)
        const none = yield* request("PUT", "/v1/sources/wrong", { type: "json" })
        assert.strictEqual(none.status, 400)
        const other = yield* request("PUT", "/v1/sources/wrong", { type: "grafana", mapping })
        assert.deepStrictEqual([other.status, errorsOf(other)[0]?.path], [400, "/mapping"])
      })
    )

    it.effect("are refused with a wrong name, type, zone or credential, without repeating it", () =>
      Effect.gen(function* () {
        for (const [name, source, path] of [
          ["unreadable", { type: "grafana" }, "params:/name"],
          ["tocsin", { type: "grafana" }, "params:/name"],
          ["Upper", { type: "grafana" }, "params:/name"],
          ["grafana", { type: "datadog" }, "/type"],
          ["x", { type: "nagios-4000" }, "/type"],
          ["x", { type: "grafana", defaults: { timezone: "Mars/Olympus" } }, "/defaults/timezone"],
          ["x", { type: "grafana", token: "sh0rt-secret" }, "/token"],
          ["x", { type: "grafana", basic: { user: "a" } }, "/basic/password"],
          ["x", { type: "grafana", hmac: {} }, "/hmac/secret"],
          ["x", { type: "grafana", expireAfter: 1 }, "/expireAfter"],
          ["x", { type: "grafana", hmac: { secret: "canary-secret", header: "authorization" } }, "/hmac/header"],
          ["x", { type: "grafana", defaults: { labels: { team: "x".repeat(1025) } } }, "/defaults/labels/team"],
          ["x", { type: "grafana", name: "y" }, "/name"]
        ] as const) {
          const refused = yield* request("PUT", `/v1/sources/${name}`, source)
          assert.deepStrictEqual([refused.status, errorsOf(refused)[0]?.path], [400, path], refused.text)
          assert.notInclude(refused.text, "sh0rt-secret")
        }
      })
    )

    it.effect("reserve their names in POST /v1/alerts, and only while they are configured", () =>
      Effect.gen(function* () {
        assert.strictEqual((yield* request("POST", "/v1/alerts", alert("own-script"))).status, 202)
        yield* configure("own-script", { type: "alertmanager" })
        const refused = yield* request("POST", "/v1/alerts", [alert("free"), alert("own-script")])
        assert.deepStrictEqual([refused.status, errorsOf(refused)[0]?.path], [400, "/1/source"])
        yield* request("DELETE", "/v1/sources/own-script")
        assert.strictEqual((yield* request("POST", "/v1/alerts", alert("own-script"))).status, 202)
        // A type that the gateway knows now is not reserved.
        assert.strictEqual((yield* request("POST", "/v1/alerts", alert("zabbix"))).status, 202)
      })
    )

    it.effect("are in the audit log without their credentials", () =>
      Effect.gen(function* () {
        yield* configure("audited", { type: "grafana", token: "canary-token-of-audited" })
        yield* configure("audited", { type: "grafana", hmac: { secret: "canary-hmac-of-audited" } }, 200)
        yield* request("DELETE", "/v1/sources/audited")
        const log = yield* request("GET", "/v1/audit?kind=source&id=audited")
        const [removed, replaced, created] = log.as(listOf(AuditEntry)).items
        assert.deepStrictEqual([created?.action, replaced?.action, removed?.action], ["created", "replaced", "removed"])
        assert.deepInclude(created?.after, { secretsSet: ["/token"], newCredentials: ["token"] })
        assert.deepInclude(replaced?.before, { secretsSet: ["/token"] })
        assert.deepInclude(replaced?.after, { secretsSet: ["/token", "/hmac/secret"] })
        assert.notInclude(log.text, "canary")
        const { database } = yield* SharedHarness
        for (const file of [database, `${database}-wal`]) assert.isFalse(readFileSync(file).includes("canary-"), file)
      })
    )
  })
})

const alert = (source: string) => ({
  source,
  id: "db-1",
  state: "raised",
  startedAt: "2026-01-15T02:00:00Z",
  rule: { name: "Disk almost full" }
})
