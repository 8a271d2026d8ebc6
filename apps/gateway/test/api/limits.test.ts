import { assert, describe, layer } from "@effect/vitest"
import { AlertSummary } from "@tocsin/client"
import { Alert } from "@tocsin/core"
import { Effect } from "effect"
import { inject } from "vitest"
import { ask, errorsOf, listOf, Problem } from "../harness/answers.ts"
import { alert, posted, refused } from "../harness/posting.ts"
import { send } from "../harness/raw.ts"
import { isOfSources, routesWithBody } from "../harness/routes.ts"
import { fixture, SharedHarness } from "../harness/gateway.ts"

/** `pnpm test` tries large bodies on every fifth route only. */
const tried = routesWithBody.filter((_, n) => inject("breadth") === "all" || n % 5 === 0)

describe("The limits of an alert", () => {
  layer(SharedHarness.layer(), { excludeTestServices: true })((it) => {
    it.effect("accept values at the limits, and cut longer names and count further observations", () =>
      Effect.gen(function* () {
        const long = "n".repeat(4097)
        const labels = Object.fromEntries(Array.from({ length: 64 }, (_, n) => [`l${n}${"x".repeat(1024)}`, long]))
        const body = alert("a".repeat(64), {
          id: "i".repeat(512),
          eventId: "e".repeat(512),
          summary: long,
          rule: { name: long, id: "r".repeat(512), expression: long },
          test: { name: long, id: "t".repeat(512), type: long, targets: Array.from({ length: 70 }, () => long) },
          labels,
          observations: Array.from({ length: 5003 }, (_, n) => ({ name: `${n}`, atStart: n === 0 ? long : "1" }))
        })
        const taken = yield* posted(body)
        assert.strictEqual(taken.sourceId, body.id)
        const cut = `${"n".repeat(4095)}…`
        assert.deepStrictEqual(taken.rule, { ...body.rule, name: cut, expression: cut })
        assert.strictEqual(taken.summary, cut)
        assert.strictEqual(taken.test?.name, cut)
        assert.lengthOf(taken.test?.targets ?? [], 64)
        assert.strictEqual(taken.test?.targets?.at(-1), "and 7 more")
        assert.lengthOf(Object.keys(taken.labels), 64)
        for (const [name, value] of Object.entries(taken.labels)) {
          assert.match(name, /^l\d+x+…$/)
          assert.lengthOf(name, 1024)
          assert.strictEqual(value, `${"n".repeat(1023)}…`)
        }
        assert.lengthOf(taken.observations, 5000)
        assert.strictEqual(taken.observationsOmitted, 3)
        assert.strictEqual(taken.observations[0]?.atStart, cut)
      })
    )

    it.effect.each(
      (
        [
          [{ source: "a".repeat(65) }, "/source"],
          [{ source: "." }, "/source"],
          [{ source: ".." }, "/source"],
          [{ id: "i".repeat(513) }, "/id"],
          [{ eventId: "i".repeat(513) }, "/eventId"],
          [{ test: { name: "x", id: "i".repeat(513) } }, "/test/id"],
          [{ labels: Object.fromEntries(Array.from({ length: 65 }, (_, n) => [`l${n}`, ""])) }, "/labels"],
          [{ links: { started: "ftp://example.com/" } }, "/links/started"],
          [{ links: { alert: `https://example.com/${"x".repeat(4096)}` } }, "/links/alert"],
          [{ observations: [{ name: "x", link: "file:///etc/passwd" }] }, "/observations/0/link"]
        ] as const
      ).map(([changes, path], n) => [n, path, changes] as const)
    )("refuse alert %i at %s", ([, path, changes]) =>
      Effect.gen(function* () {
        const errors = yield* refused(alert("refused", changes))
        assert.deepStrictEqual(
          errors.map((error) => error.path),
          [path]
        )
      })
    )

    it.effect("list the first hundred errors", () =>
      Effect.gen(function* () {
        const many = Object.fromEntries(Array.from({ length: 900 }, (_, n) => [`f${n}`, 0]))
        const answer = yield* ask(400, "POST", "/v1/alerts", alert("many", many))
        assert.lengthOf(errorsOf(answer), 100)
        assert.include(answer.as(Problem).detail, "There are more than 100 errors; the first are listed")
      })
    )

    it.effect("hold for every body: at most 1,000 fields in an object, and a number of values", () =>
      Effect.gen(function* () {
        const fields = Object.fromEntries(Array.from({ length: 1001 }, (_, n) => [`f${n}`, 0]))
        const zeros = (count: number) => `[${"0,".repeat(count - 2)}0]`
        for (const { path } of routesWithBody.filter(({ method }) => method === "POST")) {
          const refusal = (body: unknown) =>
            Effect.map(ask(400, "POST", path, body), (answer) =>
              errorsOf(answer).map(({ expected, path }) => [path, expected])
            )
          assert.deepStrictEqual(yield* refusal([{ a: fields }]), [["/0/a", "an object of at most 1000 fields"]])
          const most = path === "/v1/alerts" || isOfSources(path) ? 100_000 : 10_000
          const tooMany = [["", `at most ${most} values`]]
          assert.deepStrictEqual(yield* refusal(zeros(most + 1)), tooMany)
          if (!isOfSources(path)) assert.notDeepEqual(yield* refusal(zeros(most)), tooMany)
        }
      })
    )

    it.effect.each(tried.map(({ method, path }) => [method, path] as const))(
      "%s %s answers long names and texts with at most 64 KiB",
      ([method, path]) =>
        Effect.gen(function* () {
          const long = (length: number, n = 0) => `${n}${"\u0001".repeat(length)}`
          const fields = (count: number, length: number) =>
            Object.fromEntries(Array.from({ length: count }, (_, n) => [long(length, n), { a: 1 }]))
          const nested = Array.from({ length: 28 }).reduce<object>((inner) => ({ [long(5000)]: inner }), {})
          const rule = { name: "R", match: {}, integrations: [] }
          const settings = { url: "https://hooks.slack.com/services/T0/B0/x" }
          for (const body of [
            fields(1, 600_000),
            fields(100, 6000),
            [fields(100, 6000)],
            `{"a":{"${"k".repeat(1_000_000)}":1,"${"k".repeat(1_000_000)}":2}}`,
            alert("long", { labels: fields(60, 10_000) }),
            alert("long", { test: nested }),
            { ...rule, match: { labels: fields(60, 10_000) } },
            { ...rule, match: fields(100, 6000), id: long(1_000_000), integrations: [long(1000), long(1_000_000)] },
            { name: "I", type: "slack", settings: { ...settings, ...fields(100, 6000) } },
            { name: "I", type: long(1_000_000), settings },
            { name: "I", type: "slack", settings, limits: nested, fallback: long(100_000), id: long(100_000) },
            { reason: long(600_000), token: long(5000), alert: long(600_000), rule: nested }
          ]) {
            const sent = typeof body === "string" ? body : JSON.stringify(body)
            const { text } = yield* send((yield* SharedHarness).gateway().url, { method, path, body: sent })
            assert.isAtMost(Buffer.byteLength(text), 65_536, sent.slice(0, 60))
          }
        })
    )

    it.effect("cut values from a source, and refuse nothing", () =>
      Effect.gen(function* () {
        const trigger = JSON.parse(yield* fixture("trigger")) as { readonly alert: object }
        const extra = Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`extra${n}`, "x".repeat(2000)]))
        const agents = Array.from({ length: 5003 }, (_, n) => ({ agentId: n, agentName: `Agent ${n}` }))
        const testTargetsDescription = Array.from({ length: 70 }, (_, n) => `target-${n}`)
        const sent = {
          ...trigger.alert,
          ...extra,
          agents,
          testTargetsDescription,
          alertId: "i".repeat(600),
          ruleName: "n".repeat(5000)
        }
        yield* ask(200, "POST", "/v1/sources/thousandeyes", { ...trigger, alert: sent })
        const { items } = (yield* ask(200, "GET", "/v1/alerts?source=thousandeyes")).as(listOf(AlertSummary))
        const [{ id } = { id: "" }] = items
        const taken = (yield* ask(200, "GET", `/v1/alerts/${id}`)).as(Alert)
        assert.strictEqual(taken.sourceId, `${"i".repeat(511)}…`)
        assert.strictEqual(taken.rule.name, `${"n".repeat(4095)}…`)
        assert.strictEqual(taken.labels["labelsOmitted"], "37")
        assert.strictEqual(taken.observationsOmitted, 3)
        assert.strictEqual(taken.test?.targets?.at(-1), "and 7 more")
      })
    )
  })
})

describe("The limits of the configuration", () => {
  layer(SharedHarness.layer(), { excludeTestServices: true })((it) => {
    const rule = { name: "R", match: {}, integrations: [] }
    const many = (length: number) => Array.from({ length }, (_, n) => `${n}`)

    it.effect.each(
      (
        [
          [{ ...rule, id: "." }, "/id"],
          [{ ...rule, id: ".." }, "/id"],
          [{ ...rule, id: "a".repeat(65) }, "/id"],
          [{ ...rule, name: "n".repeat(4097) }, "/name"],
          [{ ...rule, integrations: many(1001) }, "/integrations"],
          [{ ...rule, match: { test: many(1001) } }, "/match/test"],
          [{ ...rule, match: { labels: { team: ["*".repeat(4097)] } } }, "/match/labels/team/0"],
          [{ ...rule, match: { labels: Object.fromEntries(many(65).map((name) => [name, "*"])) } }, "/match/labels"]
        ] as const
      ).map(([body, path], n) => [n, path, body] as const)
    )("refuse rule %i at %s", ([, path, body]) =>
      Effect.gen(function* () {
        const errors = yield* refused(body, "/v1/rules")
        assert.include(
          errors.map((error) => error.path),
          path
        )
      })
    )

    it.effect("accept values at the limits", () => {
      const longest = "n".repeat(4096)
      const match = { source: many(1000), rule: longest, labels: Object.fromEntries(many(64).map((l) => [l, longest])) }
      return ask(201, "POST", "/v1/rules", { ...rule, id: "a".repeat(64), name: longest, match })
    })

    it.effect("name ten of the rules that use an integration, and count the rest", () =>
      Effect.gen(function* () {
        yield* (yield* SharedHarness).channels("named", { match: { source: "nobody" } })
        for (const id of many(9)) {
          yield* ask(201, "POST", "/v1/rules", { ...rule, id: `named-${id}`, integrations: ["named-slack"] })
        }
        const { as } = yield* ask(409, "DELETE", "/v1/integrations/named-slack")
        assert.match(as(Problem).detail ?? "", /^The integration is used by (rule [\w-]+, ){10}1 more\. /)
      })
    )

    it.effect("refuse a longer id or name of an integration", () =>
      Effect.gen(function* () {
        const integration = { type: "slack", settings: { url: "https://hooks.slack.com/services/T0/B0/x" } }
        const errors = yield* refused({ ...integration, id: "..", name: "n".repeat(4097) }, "/v1/integrations")
        assert.deepStrictEqual(errors.map(({ path }) => path).toSorted(), ["/id", "/name"])
      })
    )
  })
})
