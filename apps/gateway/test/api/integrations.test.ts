import { assert, describe, layer } from "@effect/vitest"
import { AlertRule, Integration } from "@tocsin/client"
import { Effect } from "effect"
import { ask, errorsOf, listOf, Problem } from "../harness/answers.ts"
import { fast } from "../harness/channels.ts"
import { type Answer, SharedHarness } from "../harness/gateway.ts"

const all = "/v1/integrations"

describe("Integrations", () => {
  layer(SharedHarness.layer(), { excludeTestServices: true })((it) => {
    const slack = (changes: { readonly [name: string]: unknown } = {}) => ({
      name: "#ops",
      type: "slack",
      settings: { url: "https://hooks.slack.example/services/T0/B0/s3cr3t" },
      ...changes
    })

    it.effect("are created, read, replaced and deleted", () =>
      Effect.gen(function* () {
        const created = yield* ask(201, "POST", all, slack({ id: "crud", limits: fast }))
        const { createdAt, enabled, limits, secretsSet, settings, state } = created.as(Integration)
        assert.deepStrictEqual(
          { enabled, limits, secretsSet, settings, state },
          {
            enabled: true,
            limits: fast,
            secretsSet: ["/url"],
            settings: {},
            state: "ok" as const
          }
        )
        yield* ask(409, "POST", all, slack({ id: "crud" }))
        const made = (yield* ask(201, "POST", all, slack())).as(Integration)
        assert.match(made.id, /^[0-9a-f-]{36}$/)

        const read = yield* ask(200, "GET", `${all}/crud`)
        assert.strictEqual(read.text, created.text)
        assert.strictEqual(read.headers["etag"], created.headers["etag"])
        const listed = (yield* ask(200, "GET", all)).as(listOf(Integration))
        assert.deepStrictEqual(
          listed.items.map(({ id }) => id),
          ["crud", made.id]
        )
        assert.strictEqual(listed.total, 2)

        // What was read can be sent back, and keeps the secret; If-Match guards it.
        const etag = read.headers["etag"] ?? ""
        const replaced = yield* ask(200, "PUT", `${all}/crud`, read.text, { "if-match": etag })
        assert.deepStrictEqual(replaced.as(Integration).secretsSet, ["/url"])
        assert.deepStrictEqual(replaced.as(Integration).createdAt, createdAt)
        assert.notStrictEqual(replaced.headers["etag"], etag)
        yield* ask(412, "PUT", `${all}/crud`, read.text, { "if-match": etag })
        yield* ask(412, "PUT", `${all}/crud`, read.text, { "if-match": "s3cr3t" })
        yield* ask(412, "DELETE", `${all}/crud`, undefined, { "if-match": etag })
        const list = `"1", W/${replaced.headers["etag"]}`
        yield* ask(200, "PUT", `${all}/crud`, read.text, { "if-match": list })
        yield* ask(412, "PUT", `${all}/crud`, read.text, { "if-match": list })
        yield* ask(200, "PUT", `${all}/crud`, read.text, { "if-match": "*" })
        assert.strictEqual(errorsOf(yield* ask(400, "PUT", `${all}/crud`, slack({ id: "other" })))[0]?.path, "/id")

        const gone = yield* ask(204, "DELETE", `${all}/crud`)
        assert.strictEqual(gone.text, "")
        yield* ask(404, "GET", `${all}/crud`)
        yield* ask(404, "DELETE", `${all}/crud`)
        yield* ask(204, "DELETE", `${all}/${made.id}`)
      })
    )

    it.effect("lose an optional secret that is null, and keep a required one (S2)", () =>
      Effect.gen(function* () {
        const settings = { url: "https://hook.example/in", headers: { Authorization: "Bearer s3cr3t" } }
        const webhook = (changes: object) => ({ name: "hook", type: "webhook", settings: changes })
        const put = (status: number, changes: object) => ask(status, "PUT", `${all}/nulled`, webhook(changes))
        assert.deepStrictEqual((yield* put(201, settings)).as(Integration).secretsSet, ["/url", "/headers"])
        assert.deepStrictEqual((yield* put(200, {})).as(Integration).secretsSet, ["/url", "/headers"])
        assert.deepStrictEqual(
          errorsOf(yield* put(400, { url: null })).map(({ path }) => path),
          ["/settings/url"]
        )
        assert.deepStrictEqual((yield* put(200, { headers: null })).as(Integration).secretsSet, ["/url"])
        assert.deepStrictEqual((yield* put(200, {})).as(Integration).secretsSet, ["/url"])
      })
    )

    it.effect("rules are created, read, replaced and deleted", () =>
      Effect.gen(function* () {
        const body = { id: "r", name: "R", match: { labels: { team: ["a*", "b"] } }, integrations: [] }
        const created = yield* ask(201, "POST", "/v1/rules", body)
        assert.include(created.as(AlertRule), { enabled: true, notifyOnClear: false })
        yield* ask(409, "POST", "/v1/rules", body)
        const etag = created.headers["etag"] ?? ""
        yield* ask(200, "PUT", "/v1/rules/r", created.text, { "if-match": etag })
        yield* ask(412, "PUT", "/v1/rules/r", created.text, { "if-match": etag })
        const [unknown] = errorsOf(yield* ask(400, "PUT", "/v1/rules/r", { ...body, integrations: ["s3cr3t-id"] }))
        assert.strictEqual(unknown?.path, "/integrations/0")
        assert.strictEqual(
          errorsOf(yield* ask(400, "POST", "/v1/rules", { ...body, match: { sevrity: "s3cr3t" } }))[0]?.path,
          "/match/sevrity"
        )
        yield* ask(204, "DELETE", "/v1/rules/r")
        yield* ask(404, "GET", "/v1/rules/r")
        assert.isAbove(
          (yield* ask(201, "PUT", "/v1/rules/r", body)).as(AlertRule).createdAt.epochMilliseconds,
          created.as(AlertRule).createdAt.epochMilliseconds - 1
        )
        yield* ask(204, "DELETE", "/v1/rules/r")
      })
    )

    it.effect("are created by a PUT of an unknown id, like rules, unless If-Match is set", () =>
      Effect.gen(function* () {
        for (const [path, body] of [
          [`${all}/upserted`, slack()],
          ["/v1/rules/upserted", { name: "R", match: {}, integrations: [] }]
        ] as const) {
          for (const state of ["*", '"1"']) {
            const { text } = yield* ask(412, "PUT", path, body, { "if-match": state })
            assert.include(text, "Leave If-Match out to create it")
          }
          yield* ask(404, "GET", path)
          const created = yield* ask(201, "PUT", path, body)
          assert.include(created.text, `"id":"upserted"`)
          const read = yield* ask(200, "GET", path)
          assert.deepStrictEqual([read.text, read.headers["etag"]], [created.text, created.headers["etag"]])
          yield* ask(200, "PUT", path, body)
          yield* ask(409, "POST", path.replace("/upserted", ""), { id: "upserted", ...body })
          yield* ask(204, "DELETE", path)
        }
        // Nothing is stored whose secret could stay.
        const { settings: _, ...bare } = slack()
        yield* ask(400, "PUT", `${all}/upserted`, { ...bare, settings: {} })
        yield* ask(404, "GET", `${all}/upserted`)
      })
    )

    it.effect("explain what to do about an invalid fallback", () =>
      Effect.gen(function* () {
        const problem = Effect.fnUntraced(function* (fallback: string) {
          const [error] = errorsOf(yield* ask(400, "PUT", `${all}/falls`, slack({ fallback })))
          assert.strictEqual(error?.path, "/fallback")
          return error?.message
        })
        assert.include(yield* problem("nowhere"), "There is no integration of this id. Create it first")
        assert.include(yield* problem("falls"), "An integration cannot be its own fallback. Name another one")
        yield* ask(201, "PUT", `${all}/backup`, slack())
        yield* ask(201, "PUT", `${all}/falls`, slack({ fallback: "backup" }))
        assert.include((yield* ask(409, "DELETE", `${all}/backup`)).text, "used by integration falls. Remove it there")
        yield* ask(204, "DELETE", `${all}/falls`)
        yield* ask(204, "DELETE", `${all}/backup`)
      })
    )

    it.effect("are listed in pages and filtered, like rules", () =>
      Effect.gen(function* () {
        const ids = ["p1", "p2", "p3"]
        for (const id of ids) {
          yield* ask(201, "POST", all, slack({ id }))
          yield* ask(201, "POST", "/v1/rules", { id, name: id, match: { source: "none" }, integrations: [id] })
        }
        for (const [path, item] of [
          [all, Integration],
          ["/v1/rules", AlertRule]
        ] as const) {
          const whole = (yield* ask(200, "GET", path)).as(listOf(item))
          const read: Array<string> = []
          let after: string | undefined = "0"
          while (after !== undefined) {
            const page: Answer = yield* ask(200, "GET", `${path}?limit=2&after=${after}`)
            const { items, next, total } = page.as(listOf(item))
            assert.strictEqual(total, whole.total)
            assert.isAtMost(items.length, 2)
            read.push(...items.map(({ id }) => id))
            after = next
          }
          assert.deepStrictEqual(
            read,
            whole.items.map(({ id }) => id)
          )
          assert.includeMembers(read, ids)
        }
        const naming = (yield* ask(200, "GET", "/v1/rules?integration=p2")).as(listOf(AlertRule))
        assert.deepStrictEqual(
          naming.items.map(({ id }) => id),
          ["p2"]
        )
        const rooms = (yield* ask(200, "GET", `${all}?type=hipchat`)).as(listOf(Integration))
        assert.isTrue(rooms.items.every(({ type }) => type === "hipchat"))
        assert.strictEqual((yield* ask(200, "GET", `${all}?state=broken`)).as(listOf(Integration)).total, 0)
        for (const id of ids) yield* ask(204, "DELETE", `${all}/${id}?force=true`)
      })
    )

    it.effect.each([
      [{ settings: { url: "s3cr3t" } }, "/settings/url", "an http or https URL"],
      [{ settings: {} }, "/settings/url", "is missing: expected a text"],
      [
        { settings: { url: "https://x.example/s3cr3t", chanel: "s3cr3t" } },
        "/settings/chanel",
        "no field of this name"
      ],
      [{ type: "s3cr3t-pager" }, "/type", "slack, hipchat"],
      [{ name: undefined }, "/name", "a text that is not empty"],
      [{ id: "no s3cr3t!" }, "/id", "A-Z a-z 0-9"],
      [{ limits: { messages: 1, perSeconds: 1, burst: 2 } }, "/limits", "burst"],
      [{ fallback: "s3cr3t" }, "/fallback", "There is no integration of this id"],
      [{ nam: "s3cr3t" }, "/nam", "no field of this name"]
    ] as const)("with %j are refused at %s", ([changes, path, message]) =>
      Effect.gen(function* () {
        const answer = yield* ask(400, "POST", all, slack(changes))
        assert.deepStrictEqual(
          errorsOf(answer).map((error) => error.path),
          [path]
        )
        assert.include(errorsOf(answer)[0]?.message, message)
        assert.notInclude(answer.text, "s3cr3t")
      })
    )

    it.effect("that a rule or a fallback uses are deleted only with force, and their references are kept", () =>
      Effect.gen(function* () {
        yield* ask(201, "POST", all, slack({ id: "named" }))
        yield* ask(201, "POST", all, slack({ id: "falls", fallback: "named" }))
        yield* ask(201, "POST", "/v1/rules", {
          id: "names",
          name: "N",
          match: { source: "none" },
          integrations: ["falls", "named"]
        })
        const { detail } = (yield* ask(409, "DELETE", `${all}/named`)).as(Problem)
        assert.include(detail, "rule names")
        assert.include(detail, "integration falls")
        yield* ask(200, "GET", `${all}/named`)
        yield* ask(204, "DELETE", `${all}/named?force=true`)
        assert.deepStrictEqual((yield* ask(200, "GET", "/v1/rules/names")).as(AlertRule).integrations.map(String), [
          "falls"
        ])
        assert.notProperty((yield* ask(200, "GET", `${all}/falls`)).as(Integration), "fallback")
      })
    )
  })
})
