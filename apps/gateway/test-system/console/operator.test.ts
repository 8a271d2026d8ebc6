/**
 * What an operator asks the console: why nobody was notified, what saving or removing does, and how far a storm is.
 */
import { assert, describe, layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { until } from "../../test/harness/gate.ts"
import * as InProcess from "../../test/harness/inProcess.ts"
import { make, SharedHarness } from "../../test/harness/gateway.ts"
import { createServer } from "node:http"
import { TcpServer } from "@tocsin/test-network"
import { checkPage, Chromium, visit } from "./harness/browser.ts"

const InProcessHarness = Layer.effect(
  SharedHarness,
  make({ TOCSIN_PUBLIC_URL: "https://alerts.example" }, InProcess.start)
)

const fast = { messages: 1000, perSeconds: 1, burst: 1000 }

const post = Effect.fnUntraced(function* (path: string, body: object) {
  const { request } = yield* SharedHarness
  const { status, text } = yield* request("POST", path, body)
  assert.isBelow(status, 300, text)
  return JSON.parse(text)
})

const integration = Effect.fnUntraced(function* (id: string, name: string, more: object = {}) {
  const { slackUrl } = yield* SharedHarness
  const settings = { url: `${slackUrl}/services/T0/B0/${id}` }
  yield* post("/v1/integrations", { id, name, type: "slack", limits: fast, settings, ...more })
})

/** An integration whose service refuses its secret. */
const refused = Effect.fnUntraced(function* (id: string, name: string, more: object = {}) {
  const { hipChatUrl } = yield* SharedHarness
  const settings = { url: `${hipChatUrl}/v2/room/${id}/notification`, authToken: "no-longer-right" }
  yield* post("/v1/integrations", { id, name, type: "hipchat", limits: fast, settings, ...more })
})

const rule = (id: string, match: object, integrations: ReadonlyArray<string>, more: object = {}) =>
  post("/v1/rules", { id, name: `The rule ${id}`, match, integrations, notifyOnClear: true, ...more })

const raise = Effect.fnUntraced(function* (source: string, ids: ReadonlyArray<string>) {
  const startedAt = new Date().toISOString()
  const { items } = yield* post(
    "/v1/alerts",
    ids.map((id) => ({ source, id, state: "raised", startedAt, rule: { name: `${source} ${id}` } }))
  )
  return String(items[0].id)
})

describe("An operator", () => {
  layer(Layer.merge(InProcessHarness, Chromium.layer), { excludeTestServices: true })((it) => {
    it.effect("reads why nobody was notified: a disabled rule, no match, a dead letter, a rate limit", () =>
      Effect.gen(function* () {
        const { slack } = yield* SharedHarness
        const slow = { limits: { messages: 1, perSeconds: 3600, burst: 1 } }
        yield* integration("asleep", "Asleep")
        yield* rule("asleep", { source: "disabled" }, ["asleep"], { enabled: false })
        yield* integration("picky", "Picky")
        yield* rule("picky", { source: "unmatched", severity: "critical" }, ["picky"])
        const { port } = yield* TcpServer.serve(
          createServer((_, response) => response.writeHead(400).end("invalid_payload"))
        )
        yield* integration("dead", "Refusing", { settings: { url: `http://127.0.0.1:${port}/services/T0/B0/dead` } })
        yield* rule("dead", { source: "refused" }, ["dead"])
        yield* integration("slow", "Slow", slow)
        yield* rule("slow", { source: "limited" }, ["slow"])
        const disabled = yield* raise("disabled", ["a"])
        const unmatched = yield* raise("unmatched", ["a"])
        const dead = yield* raise("refused", ["a"])
        yield* raise("limited", ["a"])
        yield* until("the first message", () => slack.messages.some(({ url }) => url.endsWith("/slow")))
        const limited = yield* raise("limited", ["b"])

        const visitor = yield* visit(yield* SharedHarness)
        const { page } = visitor
        const row = (name: string) =>
          page.getByRole("table", { name: "Who was notified" }).getByRole("row").filter({ hasText: name })
        yield* Effect.promise(async () => {
          await visitor.open(`/alerts/${dead}`)
          await row("Refusing").getByText("Given up").waitFor()
          await row("Refusing")
            .getByText(/failed for good \(PayloadRejected: HTTP 400/)
            .waitFor()
          await row("Refusing").getByText("The service refuses the messages.").waitFor()
          await page.getByRole("button", { name: "Redeliver" }).waitFor()
          await visitor.open("/integrations")
          await page.getByRole("img", { name: /Refusing.*0 delivered, 1 failed/ }).waitFor()
          await visitor.open(`/alerts/${disabled}`)
          await row("Asleep").getByText("Rule disabled").waitFor()
          await row("Asleep").getByRole("link", { name: "Rule The rule asleep" }).waitFor()
          await visitor.open(`/alerts/${unmatched}`)
          await row("Picky").getByText("No rule matched").waitFor()
          assert.match((await row("Picky").textContent()) ?? "", /severity is .*wants/)
          await visitor.open(`/alerts/${limited}`)
          await row("Slow")
            .getByText(/waits for the rate limit of Slow/)
            .waitFor()
          await row("Slow").getByText("Next attempt").waitFor()
          await checkPage(visitor, "an alert that waits for a rate limit")
          await visitor.open("/lanes")
          const lane = page.getByRole("listitem").filter({ has: page.getByRole("heading", { name: "Slow" }) })
          await lane.getByText("1 delivery", { exact: true }).waitFor()
          await lane.getByText("Waiting", { exact: true }).waitFor()
          assert.strictEqual(await lane.getByText("Storm", { exact: true }).count(), 0)
        })
      })
    )

    it.effect("reads which alert a delivery is about, and is offered nothing for a filter that there is not", () =>
      Effect.gen(function* () {
        yield* integration("named", "Named")
        yield* rule("named", { source: "named" }, ["named"])
        yield* raise("named", ["a"])
        const visitor = yield* visit(yield* SharedHarness)
        const { page } = visitor
        yield* Effect.promise(async () => {
          await visitor.open("/deliveries?integration=named")
          await page.getByRole("listitem").getByText("named a", { exact: true }).waitFor()
          await checkPage(visitor, "deliveries with the names of their alerts")
          await page.getByRole("button", { name: "Redeliver all" }).waitFor()
          await visitor.open("/deliveries?state=dea")
          await page.getByText("the state “dea”").waitFor()
          assert.strictEqual(await page.getByRole("button", { name: "Redeliver all" }).count(), 0)
          assert.strictEqual(await page.getByRole("listitem").getByText("named a", { exact: true }).count(), 0)
        })
      })
    )

    it.effect("reads the deliveries of one alert, from the alert and from one of them", () =>
      Effect.gen(function* () {
        yield* integration("several", "Several")
        yield* rule("several", { source: "several" }, ["several"])
        const alert = yield* raise("several", ["first", "second"])
        const visitor = yield* visit(yield* SharedHarness)
        const { page } = visitor
        yield* Effect.promise(async () => {
          const deliveries = page.getByRole("listitem").filter({ has: page.getByRole("button", { name: /Delivered/ }) })
          const onlyOne = async () => {
            await page.getByRole("button", { name: "Alert several first" }).waitFor()
            await page.getByRole("listitem").getByText("several second", { exact: true }).waitFor({ state: "detached" })
            assert.strictEqual(await deliveries.count(), 1)
            assert.strictEqual(new URL(page.url()).searchParams.get("alert"), alert)
          }
          await visitor.open(`/alerts/${alert}`)
          await page.getByRole("link", { name: "All attempts" }).click()
          await onlyOne()
          await checkPage(visitor, "the deliveries of one alert")
          await visitor.open("/deliveries?integration=several")
          await page.getByRole("listitem").getByText("several second", { exact: true }).waitFor()
          await deliveries.filter({ hasText: "several first" }).getByRole("button").first().click()
          await page.getByRole("link", { name: "All deliveries of this alert" }).click()
          await onlyOne()
          await page.getByRole("button", { name: "Alert several first" }).click()
          await page.getByRole("listitem").getByText("several second", { exact: true }).waitFor()
        })
      })
    )

    it.effect("sees what removing an integration sends to its fallback, and what it leaves", () =>
      Effect.gen(function* () {
        const { slack } = yield* SharedHarness
        yield* integration("backup", "Backup channel")
        yield* refused("gone", "Gone room", { fallback: "backup" })
        yield* rule("gone", { source: "gone" }, ["gone"])
        const alert = yield* raise("gone", ["a"])
        yield* until("the fallback's message", () => slack.messages.some(({ url }) => url.endsWith("/backup")))
        const visitor = yield* visit(yield* SharedHarness)
        const { page } = visitor
        yield* Effect.promise(async () => {
          await visitor.open(`/alerts/${alert}`)
          await page.getByText("Fallback notified").waitFor()
          await visitor.open("/integrations")
          await page.getByRole("button", { name: "Delete Gone room" }).click()
          const dialog = page.getByRole("alertdialog", { name: "Delete Gone room" })
          await dialog.getByText("1 cleared message to Backup channel").waitFor()
          await dialog.getByText("is left without a channel").waitFor()
          await checkPage(visitor, "a removal with consequences")
          await dialog.getByRole("button", { name: "Delete", exact: true }).click()
          await dialog.waitFor({ state: "detached" })
        })
        yield* until(
          "the cleared message",
          () => slack.messages.filter(({ url }) => url.endsWith("/backup")).length === 2
        )
      })
    )

    it.effect("previews an integration's messages with one of the last alerts", () =>
      Effect.gen(function* () {
        yield* raise("previewed", ["only here"])
        const visitor = yield* visit(yield* SharedHarness)
        const { page } = visitor
        yield* Effect.promise(async () => {
          await visitor.open("/integrations?new=yes")
          await page.getByRole("button", { name: /Type$/ }).click()
          await page.getByRole("option", { name: "Slack" }).click()
          const preview = page.getByRole("region", { name: "Preview" })
          await preview.getByText("HTTP errors").first().waitFor()
          await preview.getByRole("combobox", { name: "Alert" }).selectOption({ label: "previewed only here" })
          await preview.getByText("previewed only here").nth(1).waitFor()
          await checkPage(visitor, "a preview of a real alert")
        })
      })
    )

    it.effect("sees in Lanes how far a storm is, and the digest that told of an alert", () =>
      Effect.gen(function* () {
        const { slack } = yield* SharedHarness
        const one = { messages: 1, perSeconds: 60, burst: 1 }
        yield* integration("stormy", "Stormy", { limits: one })
        yield* integration("digested", "Digested", { limits: one })
        yield* rule("calm", { source: "calm" }, ["stormy"])
        yield* rule("storm", { source: "storm" }, ["stormy", "digested"])
        yield* raise("calm", ["a"])
        yield* until("the first message", () => slack.messages.some(({ url }) => url.endsWith("/stormy")))
        const numbers = Array.from({ length: 40 }, (_, n) => `${n}`)
        const alert = yield* raise("storm", numbers)
        yield* until("the digest", () => slack.messages.some(({ url }) => url.endsWith("/digested")))
        const visitor = yield* visit(yield* SharedHarness)
        const { page } = visitor
        yield* Effect.promise(async () => {
          await visitor.open("/lanes")
          const card = page.getByRole("listitem").filter({ has: page.getByRole("heading", { name: "Stormy" }) })
          await card.getByText("Storm", { exact: true }).waitFor()
          await card.getByText("0 sent, 40 pending").waitFor()
          await checkPage(visitor, "a storm")
          await page.getByRole("link", { name: "40 alerts" }).waitFor()
          assert.match(
            (await page.getByRole("link", { name: "List" }).getAttribute("href")) ?? "",
            /^https:\/\/alerts\.example\/digests\//
          )
          await visitor.open(`/alerts/${alert}`)
          const row = page.getByRole("row").filter({ hasText: "Digested" })
          await row
            .getByText(/digest/)
            .first()
            .waitFor()
          await row.getByRole("link", { name: "The digest" }).waitFor()
          assert.match((await row.textContent()) ?? "", /(coalesced|delivered) \((in|into) a digest\)/)
        })
      })
    )
  })
})
