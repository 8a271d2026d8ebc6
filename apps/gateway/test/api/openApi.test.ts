import { assert, describe, layer } from "@effect/vitest"
import { Validator } from "@seriousme/openapi-schema-validator"
import { Api } from "@tocsin/client"
import { Effect, Schema } from "effect"
import { HttpApi } from "effect/http-api"
import { execFile } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { createRequire } from "node:module"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { promisify } from "node:util"
import { ask } from "../harness/answers.ts"
import { send } from "../harness/raw.ts"
import { SharedHarness } from "../harness/gateway.ts"
import { builtIn } from "../../src/startup/Plugins.ts"

const require = createRequire(import.meta.url)
const redocly = require.resolve("@redocly/cli/bin/cli.js")
const openApiTypeScript = join(dirname(require.resolve("openapi-typescript/package.json")), "bin/cli.js")

/** The document in a file of its own, which is gone with the scope. */
const documentFile = Effect.gen(function* () {
  const { text } = yield* ask(200, "GET", "/openapi.json")
  const folder = yield* Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "tocsin-openapi-"))),
    (folder) => Effect.sync(() => rmSync(folder, { recursive: true, force: true }))
  )
  const file = join(folder, "openapi.json")
  writeFileSync(file, text)
  return file
})

/** Every route of the definition, as `POST /v1/alerts`. */
const routes = (): ReadonlyArray<string> => {
  const found: Array<string> = []
  HttpApi.reflect(Api, {
    onGroup: () => {},
    onEndpoint: ({ endpoint }) => {
      const path = endpoint.path.replaceAll(/:(\w+)/g, "{$1}").replace(/(?<=.)\/$/, "")
      found.push(`${endpoint.method} ${path}`)
    }
  })
  return found.toSorted()
}

const Operation = Schema.Struct({
  operationId: Schema.String,
  summary: Schema.String,
  description: Schema.optionalKey(Schema.String),
  requestBody: Schema.optionalKey(
    Schema.Struct({ content: Schema.Record(Schema.String, Schema.Json), required: Schema.Boolean })
  ),
  parameters: Schema.Array(
    Schema.Struct({
      name: Schema.String,
      in: Schema.String,
      description: Schema.optionalKey(Schema.String),
      schema: Schema.Json
    })
  ),
  responses: Schema.Record(Schema.String, Schema.Json)
})

const Document = Schema.Struct({
  openapi: Schema.String,
  paths: Schema.Record(Schema.String, Schema.Record(Schema.String, Operation)),
  components: Schema.Struct({
    schemas: Schema.Record(Schema.String, Schema.Record(Schema.String, Schema.Json)),
    securitySchemes: Schema.Record(Schema.String, Schema.Json)
  })
})

const document = Effect.map(ask(200, "GET", "/openapi.json"), ({ as }) => as(Document))

describe("The OpenAPI document", () => {
  layer(SharedHarness.layer(), { excludeTestServices: true })((it) => {
    it.effect("is valid OpenAPI 3.1", () =>
      Effect.gen(function* () {
        const { text } = yield* ask(200, "GET", "/openapi.json")
        const { errors, valid } = yield* Effect.promise(() => new Validator().validate(JSON.parse(text)))
        assert.isTrue(valid, JSON.stringify(errors))
        assert.match((yield* document).openapi, /^3\.1\./)
      })
    )

    it.effect("has exactly the routes of the definition, each with a summary", () =>
      Effect.gen(function* () {
        const { paths } = yield* document
        const documented = Object.entries(paths).flatMap(([path, operations]) =>
          Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`)
        )
        assert.deepStrictEqual(documented.toSorted(), routes())
      })
    )

    it.effect("has only routes that are served", () =>
      Effect.gen(function* () {
        const harness = yield* SharedHarness
        // A stream of events has no end; its own test shows that it is served.
        for (const route of routes().filter((route) => route !== "GET /v1/events")) {
          const [method, path] = Schema.decodeUnknownSync(Schema.Tuple([Method, Schema.String]))(route.split(" "))
          const { text } = yield* harness.request(method, path.replaceAll(/\{\w+\}/g, "none"))
          assert.notInclude(text, "There is no such route", route)
        }
        yield* ask(404, "GET", "/v1/none")
      })
    )

    it.effect("describes the settings of each installed type, and marks secrets", () =>
      Effect.gen(function* () {
        const { schemas } = (yield* document).components
        assert.deepStrictEqual(
          schemas["IntegrationPayload"]?.["oneOf"],
          builtIn.map(({ type }) => ({ $ref: `#/components/schemas/Integration-${type}` }))
        )
        const [webhook, bot] = formsOf(schemas["Integration-slack"])
        for (const form of [webhook, bot]) assert.isFalse(form?.additionalProperties)
        assert.include(webhook?.properties["url"], { type: "string", title: "URL", writeOnly: true })
        assert.notProperty(webhook?.properties["channel"], "writeOnly")
        assert.include(bot?.properties["token"], { type: "string", title: "Token", writeOnly: true })
      })
    )

    it.effect("makes secrets optional in a replacement", () =>
      Effect.gen(function* () {
        const { schemas } = (yield* document).components
        assert.deepStrictEqual(
          schemas["IntegrationReplacement"]?.["oneOf"],
          builtIn.map(({ type }) => ({ $ref: `#/components/schemas/IntegrationReplacement-${type}` }))
        )
        const required = (name: string) => formsOf(schemas[name]).map(({ required }) => required)
        assert.deepStrictEqual(required("Integration-slack"), [["url"], ["authenticate", "token", "channel"]])
        assert.deepStrictEqual(required("IntegrationReplacement-slack"), [[], ["authenticate", "channel"]])
        assert.deepStrictEqual(required("IntegrationReplacement-hipchat"), [["url"]])
        const { requestBody } = (yield* document).paths["/v1/integrations/{id}"]?.["put"] ?? {}
        assert.include(JSON.stringify(requestBody), "#/components/schemas/IntegrationReplacement")
      })
    )

    it.effect("describes the format of ids and times", () =>
      Effect.gen(function* () {
        const { schemas } = (yield* document).components
        const text = JSON.stringify(schemas["AlertRulePayload"]?.["properties"])
        assert.include(text, JSON.stringify("^[A-Za-z0-9._-]{1,64}$"))
        assert.match(JSON.stringify(schemas["PostedAlert"]), /"startedAt":{"type":"string","pattern":/)
      })
    )

    it.effect("describes queries and problems, and each field", () =>
      Effect.gen(function* () {
        const { components, paths } = yield* document
        assert.include(components.securitySchemes["bearer"], { type: "http", scheme: "bearer" })
        const { parameters, responses } = paths["/v1/deliveries"]?.["get"] ?? {}
        const parameter = (name: string) => parameters?.find((one) => one.name === name)
        assert.deepStrictEqual(parameter("limit")?.schema, { type: "integer", minimum: 1, maximum: 500 })
        assert.include(parameter("after")?.schema, { type: "integer", minimum: 0 })
        assert.strictEqual(parameter("after")?.description, "The `next` of the previous page.")
        assert.include(parameter("since")?.schema, { format: "date-time" })
        assert.notIncludeMembers(Object.keys(responses ?? {}), ["413", "415"])
        assert.include(
          JSON.stringify(components.schemas["Delivery"]),
          `"createdAt":{"type":"string","format":"date-time"}`
        )
        assert.includeMembers(Object.keys(components.schemas), ["NotFound", "InvalidRequest"])
        assert.notInclude(JSON.stringify(components.schemas), "Encoded")
        const { required } = Schema.decodeUnknownSync(Required)(components.schemas["InvalidRequest"])
        assert.sameMembers(required, ["type", "status", "title", "errors"])
        for (const name of ["PostedAlert", "Alert"]) {
          for (const [field, schema] of Object.entries(components.schemas[name]?.["properties"] ?? {})) {
            assert.property(schema, "description", `${name}.${field}`)
          }
        }
      })
    )

    it.effect("passes Redocly's linter", () =>
      Effect.gen(function* () {
        const file = yield* documentFile
        const args = [redocly, "lint", "--extends", "recommended", "--format", "json", file]
        const env = { ...process.env, REDOCLY_TELEMETRY: "off", REDOCLY_SUPPRESS_UPDATE_NOTICE: "true" }
        const { stdout } = yield* Effect.promise(() => promisify(execFile)(process.execPath, args, { env }))
        assert.deepStrictEqual(JSON.parse(stdout).problems, [])
      })
    )

    it.effect("is read by openapi-typescript, which makes a type for each route and schema", () =>
      Effect.gen(function* () {
        const { components, paths } = yield* document
        const args = [openApiTypeScript, yield* documentFile]
        const { stderr, stdout } = yield* Effect.promise(() => promisify(execFile)(process.execPath, args))
        assert.strictEqual(stderr, "")
        for (const path of Object.keys(paths)) assert.include(stdout, `    "${path}": {\n`)
        for (const name of Object.keys(components.schemas)) assert.match(stdout, new RegExp(`^ {8}"?${name}"?: `, "m"))
      })
    )

    it.effect("names its server and license, and describes every tag", () =>
      Effect.gen(function* () {
        const { info, servers, tags } = JSON.parse((yield* ask(200, "GET", "/openapi.json")).text)
        assert.strictEqual(info.license.name, "Apache-2.0")
        assert.strictEqual(servers[0].url, "/")
        for (const { description, name } of tags) assert.isString(description, name)
      })
    )

    it.effect("requires a body only where one is needed", () =>
      Effect.gen(function* () {
        const { paths } = yield* document
        const required = Object.entries(paths).flatMap(([path, operations]) =>
          Object.entries(operations).flatMap(([method, { requestBody }]) =>
            requestBody?.required === false ? [`${method} ${path}`] : []
          )
        )
        assert.deepStrictEqual(required, [
          "post /v1/integrations/{id}/test",
          "post /v1/integrations/{id}/preview",
          "post /v1/deliveries/{id}/redeliver",
          "post /v1/keys/{id}/rotate"
        ])
      })
    )

    it.effect("matches docs/reference/api.md", () =>
      Effect.gen(function* () {
        const { paths } = yield* document
        const rows = Object.entries(paths).flatMap(([path, operations]) =>
          Object.entries(operations).map(([method, { description, parameters, responses, summary }]) => {
            const query = parameters.filter((parameter) => parameter.in === "query").map(({ name }) => name)
            const route = `${method.toUpperCase()} ${path}${query.length > 0 ? `?${query.join("&")}` : ""}`
            const said = description === undefined ? summary : `${summary}. ${description}`
            return [`\`${route}\``, said, Object.keys(responses).join(" ")]
          })
        )
        const head = ["Route", "What it does", "Answers"]
        const widths = head.map((text, n) => Math.max(text.length, ...rows.map((row) => row[n]?.length ?? 0)))
        const line = (cells: ReadonlyArray<string>) =>
          `| ${cells.map((cell, n) => cell.padEnd(widths[n] ?? 0)).join(" | ")} |`
        const table = [line(head), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)].join("\n")
        const page = readFileSync(docs, "utf8")
        const wanted = page.replace(/(?<=<!-- routes -->\n\n)[^]*(?=\n\n<!-- \/routes -->)/, () => table)
        if (process.env["UPDATE_DOCS"] === "1") writeFileSync(docs, wanted)
        else assert.strictEqual(page, wanted, "Run this test with UPDATE_DOCS=1")
      })
    )

    it.effect.each(["/docs", "/openapi.json", "/schemas/webhook-v1.json"])(
      "%s is compressed once, and has an ETag",
      (path) =>
        Effect.gen(function* () {
          const { url } = (yield* SharedHarness).gateway()
          const get = (headers: { readonly [name: string]: string }) => send(url, { method: "GET", path, headers })
          const plain = yield* get({})
          assert.strictEqual(plain.status, 200)
          assert.isUndefined(plain.headers["content-encoding"])
          const etag = plain.headers["etag"] ?? ""
          assert.match(etag, /^"[\w-]{22}"$/)
          for (const accepted of ["gzip", "gzip, deflate, br"]) {
            const small = yield* get({ "accept-encoding": accepted })
            assert.strictEqual(small.headers["content-encoding"], "gzip")
            assert.strictEqual(small.headers["etag"], etag)
            assert.strictEqual(small.headers["content-type"], plain.headers["content-type"])
            assert.isBelow(Number(small.headers["content-length"]), plain.text.length / 2)
          }
          for (const accepted of ["br", "gzip;q=0", "identity"]) {
            assert.strictEqual((yield* get({ "accept-encoding": accepted })).text, plain.text)
          }
          for (const known of [etag, `W/${etag}`, `"other", ${etag}`]) {
            const same = yield* get({ "if-none-match": known })
            assert.deepStrictEqual([same.status, same.text], [304, ""])
          }
          assert.strictEqual((yield* get({ "if-none-match": '"other"' })).status, 200)
        })
    )

    it.effect("has a page, which may load nothing from other hosts", () =>
      Effect.gen(function* () {
        const page = yield* ask(200, "GET", "/docs")
        assert.include(page.headers["content-type"], "text/html")
        assert.include(page.headers["content-security-policy"], "default-src 'none'")
        assert.notMatch(page.text, /<(script|link|img)[^>]*(src|href)="http/)
        assert.include(page.text, "Integration-hipchat")
        const root = yield* (yield* SharedHarness).request("GET", "/")
        assert.deepStrictEqual([root.status, root.headers["location"]], [302, "/docs"])
      })
    )
  })
})

const docs = new URL("../../../../docs/reference/api.md", import.meta.url)

const Required = Schema.Struct({ required: Schema.mutable(Schema.Array(Schema.String)) })

const Method = Schema.Literals(["GET", "POST", "PUT", "DELETE"])

const Form = Schema.Struct({
  additionalProperties: Schema.Boolean,
  required: Schema.Array(Schema.String),
  properties: Schema.Record(Schema.String, Schema.Record(Schema.String, Schema.Json))
})

const Variant = Schema.Struct({
  properties: Schema.Struct({ settings: Schema.Union([Form, Schema.Struct({ anyOf: Schema.Array(Form) })]) })
})

/** The forms of a type's settings. */
const formsOf = (schema: unknown): ReadonlyArray<typeof Form.Type> => {
  const { settings } = Schema.decodeUnknownSync(Variant)(schema).properties
  return "anyOf" in settings ? settings.anyOf : [settings]
}
