import { assert, describe, it } from "@effect/vitest"
import { ThousandEyes } from "@tocsin/sources"
import { Result, Schema } from "effect"
import { altered, body, event } from "./fixtures.ts"

const raise = (fields: { readonly [key: string]: unknown }, viewsUrl?: string) =>
  event(altered("thousandeyes-trigger", fields), viewsUrl === undefined ? {} : { settings: { viewsUrl } }).links

const list = "https://app.thousandeyes.com/alerts/list/?__a=1200042&alertId=118039164"

describe("ThousandEyes, links", () => {
  it("uses the account group of the permalink where none is stated", () => {
    for (const ruleAid of [undefined, 0, "0"]) {
      assert.include(raise({ ruleAid, permalink: "https://app.thousandeyes.com/x?__a=7" }).started, "?__a=7&")
    }
  })

  it("leaves only the permalink where the account group or the test is not known", () => {
    const permalink = "https://app.thousandeyes.com/alerts/list/"
    assert.deepStrictEqual(raise({ testId: undefined }), { alert: list })
    assert.deepStrictEqual(raise({ ruleAid: 0, permalink }), { alert: permalink })
    assert.deepStrictEqual(raise({ ruleAid: 0, permalink: `${permalink}?__a=0` }), { alert: `${permalink}?__a=0` })
  })

  it.each(["javascript:alert(1)", "ftp://example.com/", "//example.com", "", 5, null])(
    "drops the permalink %s",
    (permalink) => {
      const links = raise({ permalink, agents: [{ agentName: "Oslo", permalink }] })
      assert.isUndefined(links.alert)
      assert.isDefined(links.started)
    }
  )

  it("uses the first agent that still sees the problem", () => {
    const agents = [
      { agentId: 1, agentName: "One", active: 0 },
      { agentId: 2, agentName: "Two", active: 1 }
    ]
    assert.include(raise({ agents }).started, "&agentId=2")
  })

  it("leaves out the agent's parameter where there is no agent", () => {
    const started = (viewsUrl?: string) => raise({ agents: [] }, viewsUrl).started
    const views = "https://app.thousandeyes.com/view/tests?__a=1200042&testId=2800817&roundId=1650925080"
    assert.strictEqual(started(), views)
    assert.strictEqual(started("https://x.example/?agentId={agentId}&t={time}#f"), "https://x.example/?t=1650925080#f")
    assert.strictEqual(started("https://x.example/{time}?agentId={agentId}#f"), "https://x.example/1650925080#f")
    assert.strictEqual(started("https://x.example/?t={time}&a={agentId}&b=1"), "https://x.example/?t=1650925080&b=1")
  })

  it("fills the operator's template, and escapes the values", () => {
    const links = event(altered("thousandeyes-clear", { testId: "a&b {time}" }), {
      settings: { viewsUrl: "https://proxy.example/te/{aid}/{testId}?at={time}000" }
    }).links
    assert.deepStrictEqual(links, {
      ...event(body("thousandeyes-clear")).links,
      started: "https://proxy.example/te/562949953500042/a%26b%20%7Btime%7D?at=1742240580000",
      cleared: "https://proxy.example/te/562949953500042/a%26b%20%7Btime%7D?at=1742836860000",
      view: "https://proxy.example/te/562949953500042/a%26b%20%7Btime%7D?at={time}000"
    })
  })

  it("accepts its own template", () => {
    assert(Schema.is(ThousandEyes.ViewsUrl)(ThousandEyes.defaultViewsUrl))
  })

  it.each([
    ["", "Expected {time}"],
    ["https://x.example/{testId}", "Expected {time}"],
    ["https://x.example/{round}?t={time}", "Expected no placeholders except"],
    ["https://x.example/{agentId}?t={time}", "Expected {agentId}"],
    ["https://x.example/?t={time}&a=x{agentId}", "Expected {agentId}"],
    ["javascript:alert({time})", "Expected an http or https URL"],
    ["/views?t={time}", "Expected an http or https URL"]
  ])("refuses the template %j with a sentence", (template, sentence) => {
    const decoded = Schema.decodeUnknownResult(ThousandEyes.ViewsUrl)(template)
    assert(Result.isFailure(decoded))
    assert(decoded.failure.message.startsWith(sentence), decoded.failure.message)
  })
})
