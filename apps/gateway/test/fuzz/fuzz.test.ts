import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Effect, Option, Schema } from "effect"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { inject } from "vitest"
import { Problem } from "../harness/answers.ts"
import { canary } from "./fuzzParts.ts"
import { type FuzzRequest, requests, type Samples, toRaw } from "./fuzzRequests.ts"
import { memory } from "../harness/memory.ts"
import { type RawAnswer, send } from "../harness/raw.ts"
import { fast } from "../harness/channels.ts"
import { routes } from "../harness/routes.ts"
import { fixtures, make } from "../harness/gateway.ts"
import { types } from "../harness/sourceBodies.ts"

/** How much, and from which seed; what a failure prints as `Replay` is sent again with it alone. */
const {
  TOCSIN_FUZZ_REPLAY: replay,
  TOCSIN_FUZZ_REQUESTS: runs = inject("breadth") === "all" ? "5000" : "1000",
  TOCSIN_FUZZ_SEED: seed = "tocsin"
} = process.env

describe("Any request to any route", () => {
  it.live("gets a complete answer below 500, and leaves the gateway healthy", () =>
    Effect.gen(function* () {
      // Without a token, because whoever shows wrong ones is slowed.
      const harness = yield* make()
      const known = { alert: "none", delivery: "none" }
      const seen = new Map<string, number>()

      const ask = Effect.fnUntraced(function* (request: FuzzRequest) {
        const path = request.path.replace("known-alert", known.alert).replace("known-delivery", known.delivery)
        const answer = yield* send(harness.gateway().url, { ...toRaw(request), path })
        for (const what of [request.route, String(answer.status)]) seen.set(what, (seen.get(what) ?? 0) + 1)
        const wrong = whatIsWrong(request.method, answer)
        if (wrong !== undefined) return yield* Effect.fail(`${answer.status}, ${wrong}: ${answer.text.slice(0, 500)}`)
        known.alert = /"items":\[\{"id":"([0-9a-f-]{36})","status"/.exec(answer.text)?.[1] ?? known.alert
        known.delivery = /"items":\[\{"id":"([0-9a-f-]{36})","alert"/.exec(answer.text)?.[1] ?? known.delivery
        return true
      })

      const right = samples(harness.slackUrl)
      const some = requests(right)
      const sent = Effect.fnUntraced(function* (runs: number, seed: string) {
        const result = yield* Arbitrary.checkEffect(some, ask, { runs, seed, replay, concurrency: 16 })
        assert.strictEqual(Arbitrary.formatCheckFailure(result), undefined)
      })

      for (const path of ["/v1/integrations", "/v1/rules"]) {
        const { status, text } = yield* harness.request("POST", path, right(path)[0])
        assert.strictEqual(status, 201, text)
      }
      yield* sent(Number(runs) / 5, `${seed}: warm`)
      const warm = memory(harness.gateway().pid, "RSS")
      yield* sent((Number(runs) * 4) / 5, seed)
      // Every route was asked, and in such ways that every kind of answer came.
      for (const { method, path } of routes) assert.isAbove(seen.get(`${method} ${path}`) ?? 0, 0, path)
      for (const status of [200, 201, 202, 204, 400, 401, 404, 409, 413, 415]) {
        assert.isAbove(seen.get(String(status)) ?? 0, 0, String(status))
      }

      const healthz = yield* send(harness.gateway().url, { method: "GET", path: "/healthz" })
      assert.strictEqual(healthz.status, 200)
      assert.isBelow(memory(harness.gateway().pid, "RSS") - warm, 250_000_000)
      assert.notMatch(harness.gateway().printed(), /ERROR|FATAL|^\s+at /m)
      // An edit is logged with the id that its request gave.
      const lines = harness.gateway().printed().split("\n")
      const others = lines.filter((line) => !/ INFO  (Integration|Rule) \S+ was \w+ by /.test(line))
      assert.deepStrictEqual(
        others.filter((line) => line.includes(canary)),
        []
      )
    })
  )
})

const whatIsWrong = (method: string, { headers, status, text }: RawAnswer): string | undefined => {
  if (status >= 500) return "which is a failure of ours"
  // A backup is the database itself: its SQL has lines that begin with "at".
  const isBackup = text.startsWith("SQLite format 3\u0000")
  if (!isBackup && /\n\s+at /.test(text)) return "with a stack"
  if (method === "HEAD" || status === 204 || status === 302) return text === "" ? undefined : "with a body"
  if (status >= 400) {
    if (headers["content-type"] !== "application/problem+json") return "without a problem document"
    // A conflict names what there is, and that may be called so.
    if (status !== 409 && text.includes(canary)) return "which repeats what was sent"
    return readProblem(text)?.status === status ? undefined : "with a problem document of another status"
  }
  const { "content-type": type = "" } = headers
  return /^(text\/(html|plain; version=)|application\/vnd\.sqlite3)/.test(type) || isJson(text)
    ? undefined
    : "which is not JSON"
}

const readProblem = (text: string) =>
  Option.getOrUndefined(Schema.decodeUnknownOption(Schema.fromJsonString(Problem))(text))

const isJson = (text: string) => Option.isSome(Schema.decodeUnknownOption(Schema.fromJsonString(Schema.Json))(text))

const samples = (slackUrl: string): Samples => {
  const raised = { source: "fuzz", id: "1", state: "raised", startedAt: "2026-01-01T00:00:00Z", rule: { name: "Fuzz" } }
  const cleared = { ...raised, state: "cleared", clearedAt: "2026-01-02T00:00:00Z" }
  const integration = {
    name: "Fuzz",
    type: "slack",
    limits: fast,
    settings: { url: `${slackUrl}/services/T0/B0/fuzz` }
  }
  const rule = { name: "Fuzz", match: { source: "*" }, integrations: ["room"], notifyOnClear: true }
  const bodies: { readonly [path: string]: ReadonlyArray<Schema.Json> } = {
    "/v1/alerts": [raised, cleared, [raised, cleared]],
    "/v1/alerts/:id/clear": [{ reason: "Fuzz" }],
    "/v1/integrations": [{ ...integration, id: "room" }, integration],
    "/v1/integrations/:id": [integration],
    "/v1/rules": [{ ...rule, id: "a" }, rule],
    "/v1/rules/preview": [rule],
    "/v1/rules/:id": [rule],
    "/v1/sources/:name": ["", ...types].flatMap(bodiesIn),
    "/api/v2/alerts": bodiesIn("prometheus"),
    "/v2/enqueue": bodiesIn("pagerduty")
  }
  return (path) => bodies[path] ?? []
}

/** The bodies in a folder of fixtures. */
const bodiesIn = (folder: string): ReadonlyArray<Schema.Json> =>
  readdirSync(join(fixtures, folder))
    .filter((name) => name.endsWith(".json"))
    .map((name) => readJson(readFileSync(join(fixtures, folder, name), "utf8")))

const readJson = Schema.decodeUnknownSync(Schema.fromJsonString(Schema.Json))
