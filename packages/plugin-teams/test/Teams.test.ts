import { assert, describe, it } from "@effect/vitest"
import { HttpClient, type HttpClientRequest, type Notification, RateLimited, showRequest } from "@tocsin/core"
import { client } from "@tocsin/core/fakes"
import { ChannelPluginTest, samples } from "@tocsin/core/testing"
import { Teams } from "@tocsin/plugin-teams"
import { FakeTeams, see, validate } from "@tocsin/plugin-teams/testing"
import { Duration, Effect, Result, Schema } from "effect"

const url =
  "https://0123abcd.09.environment.api.powerplatform.com:443/powerautomate/automations/direct/workflows/0123abcd/triggers/manual/paths/invoke?api-version=1&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig=s3cr3t-signature_of-the-hook"

const { notifications } = samples

const bodyOf = (request: HttpClientRequest.HttpClientRequest): string => showRequest(request, {}).body ?? ""

const refusal =
  (status: number, code: string, headers: { readonly [name: string]: string } = {}) =>
  () =>
    Response.json({ error: { code, message: "The workflow refused." } }, { status, headers })

ChannelPluginTest.suite(Teams, {
  layer: Teams.layer,
  settings: { url },
  secrets: ["s3cr3t-signature_of-the-hook"],
  accepted: () => new Response("", { status: 202 }),
  refused: [
    [refusal(400, "TriggerInputSchemaMismatch"), "PayloadRejected"],
    [refusal(400, "WorkflowTriggerIsNotEnabled"), "DestinationGone"],
    [refusal(404, "WorkflowNotFound"), "DestinationGone"],
    [refusal(401, "DirectApiAuthorizationRequired"), "Unauthorized"],
    [refusal(413, "RequestEntityTooLarge"), "PayloadRejected"],
    [refusal(429, "WorkflowRunsThrottled"), new RateLimited({ detail: "" })],
    [
      refusal(429, "WorkflowRunsThrottled", { "retry-after": "30" }),
      new RateLimited({ detail: "", retryAfter: Duration.seconds(30) })
    ],
    [() => new Response("1"), "Misconfigured"],
    [() => new Response("<html>Sign in to the proxy</html>"), "Misconfigured"],
    [() => new Response("Webhook message delivery failed with error: HTTP error 429"), "Misconfigured"]
  ],
  validate: (request) => validate(bodyOf(request)),
  read: (request) => see(JSON.parse(bodyOf(request))),
  fake: () => new FakeTeams()
})

const deliver = Effect.fnUntraced(function* (fake: FakeTeams, notification: Notification) {
  return yield* Effect.gen(function* () {
    const teams = yield* Teams
    const settings = fake.settings("https://teams.example")
    const decoded = yield* Schema.decodeUnknownEffect(Schema.toCodecJson(Teams.settings))(settings)
    return yield* teams.deliver(decoded, notification, { form: "rich", deliveryId: "d" })
  }).pipe(Effect.provide(Teams.layer), Effect.provideService(HttpClient.HttpClient, client(fake)))
})

describe("Teams", () => {
  it.effect("posts a card with the headline, the summary, the facts, the list and the links", () =>
    Effect.gen(function* () {
      const fake = new FakeTeams()
      yield* deliver(fake, { _tag: "Raised", alert: { ...samples.raised, summary: "First line\nSecond line" } })
      const [{ payload } = assert.fail("nothing was posted")] = fake.messages
      const text = JSON.stringify(payload)
      for (const part of [
        '"style":"warning"',
        '"text":"Raised: HTTP errors on checkout-eu","weight":"Bolder","selectAction":{"type":"Action.OpenUrl","url":"https://app.example.com/view?test=2800817&at=1650925080"}',
        '"text":"First line"',
        '"text":"Second line"',
        '"text":"Severity: ","weight":"Bolder"',
        '"text":"New York, NY (Cogent)"',
        '"text":": Response Code: 402"',
        '"text":"Alert","selectAction"',
        '"isSubtle":true'
      ]) {
        assert.include(text, part)
      }
    })
  )

  it.effect.each([
    [{ ...notifications.Raised, alert: { ...samples.raised, severity: "critical" } }, "attention"],
    [{ ...notifications.Raised, alert: { ...samples.raised, severity: "minor" } }, "warning"],
    [{ ...notifications.Raised, alert: { ...samples.raised, severity: "info" } }, "accent"],
    [notifications.Cleared, "good"],
    [notifications.Notice, "emphasis"]
  ] as const)("colours %j by what it says", ([notification, style]) =>
    Effect.gen(function* () {
      const fake = new FakeTeams()
      yield* deliver(fake, notification)
      assert.include(JSON.stringify(fake.messages[0]?.payload), `"style":"${style}"`)
    })
  )

  it.effect("keeps foreign text out of everything that reads Markdown", () =>
    Effect.gen(function* () {
      const fake = new FakeTeams()
      const text = "**b** [x](https://evil.example) <at>everyone</at> {{DATE(2026-01-15T02:00:00Z)}} \\* - 1."
      yield* deliver(fake, { _tag: "Raised", alert: { ...samples.raised, summary: text, rule: { name: text } } })
      const payload = JSON.stringify(fake.messages[0]?.payload)
      assert.include(payload, JSON.stringify(text).slice(1, -1))
      for (const reads of ["TextBlock", "FactSet", "entities"]) assert.notInclude(payload, `"${reads}"`)
    })
  )

  it.effect.each([["👩‍👩‍👧‍👦"], ['"'], ["&"], ["é\n"]])("sends less than 21,000 bytes of the longest texts: %j", ([text]) =>
    Effect.gen(function* () {
      const long = text.repeat(2000)
      const link = new URL(`https://app.example.com/?${"a".repeat(320)}`)
      const alert = {
        ...samples.raised,
        rule: { name: long, expression: long },
        test: { id: "1", name: long, targets: [long] },
        summary: long,
        observations: Array.from({ length: 50 }, () => ({ name: long, atStart: long, link })),
        labels: { [long]: long },
        links: { started: link, alert: link, more: Array.from({ length: 4 }, () => ({ label: long, link })) }
      }
      for (const severity of ["critical", "info"] as const) {
        const fake = new FakeTeams()
        yield* deliver(fake, { _tag: "Escalated", alert: { ...alert, severity }, from: "minor" })
        const sent = new TextEncoder().encode(JSON.stringify(fake.messages[0]?.payload))
        assert.isBelow(sent.length, 21_000)
        assert.isAbove(sent.length, 21_000 / 4)
      }
    })
  )

  it.each([
    ["https://example.webhook.office.com/webhookb2/s3cr3t/IncomingWebhook/s3cr3t"],
    ["https://prod-12.westus.logic.azure.com/workflows/s3cr3t/triggers/manual/paths/invoke?api-version=2016-06-01"],
    ["ftp://prod-12.westus.logic.azure.com/workflows/1/triggers/manual/paths/invoke?sig=s3cr3t"],
    ["s3cr3t"]
  ])("refuses a URL that is none of a workflow, without saying it: %s", (url) => {
    const result = Schema.decodeUnknownResult(Schema.toCodecJson(Teams.settings))({ url })
    const message = Result.isFailure(result) ? String(result.failure) : ""
    assert.include(message, "the URL of a Workflows webhook")
    assert.notInclude(message, "s3cr3t")
  })
})
