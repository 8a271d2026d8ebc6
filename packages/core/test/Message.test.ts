import { assert, describe, it } from "@effect/vitest"
import { Because, becauseText, Message, Notification } from "@tocsin/core"
import { samples } from "@tocsin/core/testing"
import { DateTime } from "effect"

const { fromNotification, plainText } = Message
const { notifications } = samples

describe("fromNotification", () => {
  it("names the rule and the test, and links to the view at the start", () => {
    const message = fromNotification(notifications.Raised)
    assert.strictEqual(message.headline, "Raised: HTTP errors on checkout-eu")
    assert.strictEqual(message.link?.href, "https://app.example.com/view?test=2800817&at=1650925080")
    assert.strictEqual(message.secondLink?.link.href, "https://app.example.com/alerts?alertId=118039164")
  })

  it("links to the view at the clear", () => {
    const message = fromNotification(notifications.Cleared)
    assert.strictEqual(message.headline, "Cleared: HTTP errors on checkout-eu")
    assert.strictEqual(message.link?.href, "https://app.example.com/view?test=2800817&at=1650925860")
    assert.deepStrictEqual(
      message.facts.filter(({ label }) => label === "Duration"),
      [{ _tag: "Text", label: "Duration", text: "13m" }]
    )
  })

  it("links to the view at the time of the edit that ended it", () => {
    const message = fromNotification({
      _tag: "Cleared",
      alert: samples.raised,
      because: "alertRuleChanged",
      clearedAt: DateTime.makeUnsafe("2022-04-25T23:00:00Z")
    })
    assert.strictEqual(message.link?.href, "https://app.example.com/view?test=2800817&at=1650927600")
  })

  it("never links to anything but http and https", () => {
    const message = fromNotification({
      _tag: "Cleared",
      alert: { ...samples.raised, links: { view: "javascript:alert({time})" } },
      because: "alertRuleChanged",
      clearedAt: DateTime.makeUnsafe(0)
    })
    assert.isUndefined(message.link)
  })

  it("links to the alert at its source where there is no view", () => {
    const alert = { ...samples.raised, links: { alert: new URL("https://app.example.com/alerts?alertId=1") } }
    const message = fromNotification({ _tag: "Raised", alert })
    assert.strictEqual(message.link?.href, "https://app.example.com/alerts?alertId=1")
    assert.isUndefined(message.secondLink)
  })

  it("leads to the runbook, and to what else the alert links to", () => {
    const named = (label: string) => ({ label, link: new URL(`https://docs.example.com/${label}`) })
    const more = ["Runbook", "Dashboard", "Panel", "Silence", "Wiki", "Traces"].map(named)
    const alert = { ...samples.raised, links: { alert: new URL("https://app.example.com/alerts/1"), more } }
    for (const notification of [
      { _tag: "Raised", alert } as const,
      { ...notifications.Cleared, alert: { ...samples.cleared, links: alert.links } }
    ]) {
      const message = fromNotification(notification)
      assert.strictEqual(message.link?.href, "https://app.example.com/alerts/1")
      assert.deepStrictEqual(message.secondLink, named("Runbook"))
      assert.deepStrictEqual(message.moreLinks, ["Dashboard", "Panel", "Silence", "Wiki"].map(named))
      assert.include(plainText(message, 4000), "\nRunbook: https://docs.example.com/Runbook\nDashboard: https://")
    }
    const viewed = fromNotification({
      _tag: "Raised",
      alert: { ...samples.raised, links: { ...samples.raised.links, more } }
    })
    assert.deepStrictEqual(
      Message.namedLinks(viewed).map(({ label }) => label),
      ["Alert", "Runbook", "Dashboard", "Panel", "Silence"]
    )
  })

  it.each(Because.literals.map((because) => ({ because })))("says why it is over: $because", ({ because }) => {
    const text = plainText(fromNotification({ ...notifications.Cleared, because }), 4000)
    assert.include(text, `Cleared: ${becauseText[because]}`)
  })

  it.each([
    ["alertRuleChanged", "alert rule changed"],
    ["alertRuleDisabled", "alert rule disabled"],
    ["alertRuleRemoved", "alert rule removed"],
    ["integrationRemoved", "integration removed from the rule"]
  ] as const)("does not look like the end of the problem where it is not: %s", (because, words) => {
    for (const kind of ["Cleared", "RaisedAndCleared"] as const) {
      const { facts, headline, notes, state } = fromNotification({
        ...notifications[kind],
        alert: samples.raised,
        because
      })
      assert.strictEqual(headline, `Cleared here: ${words} – HTTP errors on checkout-eu`)
      assert.strictEqual(state, "notice")
      assert.include(notes, "The alert is still raised at its source.")
      assert.notIncludeMembers(
        facts.map(({ label }) => label),
        ["Ended", "Duration"]
      )
    }
  })

  it.each(["conditionsNoLongerMet", "sourceRuleChanged", "expired", "byHand"] as const)(
    "looks like the end of the problem where it is: %s",
    (because) => {
      const { headline, notes, state } = fromNotification({ ...notifications.Cleared, because })
      assert.strictEqual(headline, "Cleared: HTTP errors on checkout-eu")
      assert.strictEqual(state, "cleared")
      assert.notInclude(notes.join(), "still raised")
    }
  )

  it("counts conversations that were cleared here in a digest, and is neutral unless something is raised", () => {
    const digest = { ...notifications.Digest, raised: 0, cleared: 1200, clearedHere: 1000 }
    const some = fromNotification(digest)
    assert.strictEqual(some.headline, "1,200 alerts: 200 cleared, 1,000 cleared here")
    assert.strictEqual(some.state, "notice")
    assert.include(some.notes, "Alerts that were cleared here are still raised at their source.")
    assert.strictEqual(fromNotification({ ...digest, clearedHere: 0 }).state, "cleared")
    assert.strictEqual(fromNotification({ ...digest, raised: 1 }).state, "raised")
  })

  it.prop("does not mention clearing when an alert is raised", [Notification.cases.Raised.fields.alert], ([alert]) => {
    const { facts, headline } = fromNotification({ _tag: "Raised", alert: { ...alert, rule: { name: "x" } } })
    assert.notMatch([headline, ...facts.map(({ label }) => label)].join(" "), /clear/i)
  })

  it("names the assumed time zone", () => {
    const [, note] = fromNotification({ _tag: "Raised", alert: samples.agent }).notes
    assert.strictEqual(note, "The source states no time zone; its times were read as UTC.")
  })

  it("begins a digest with the number of alerts", () => {
    assert.match(fromNotification(notifications.Digest).headline, /^9,990 alerts\b/)
  })
})

describe("plainText", () => {
  it.prop("renders every notification within its limit", [Notification], ([notification]) => {
    for (const max of [200, 1000, 4000]) {
      const text = plainText(fromNotification(notification), max)
      assert.isAtMost(text.length, max)
      assert.isAbove(text.length, 0)
    }
  })

  it("counts omitted lines", () => {
    const text = plainText(fromNotification({ _tag: "Raised", alert: samples.crowded }), 1000)
    const [, more = ""] = /and ([\d,]+) more/.exec(text) ?? []
    const shown = text.split("\n").filter((line) => line.startsWith("- ")).length
    assert.isAbove(shown, 0)
    assert.strictEqual(shown + Number(more.replaceAll(",", "")), 2500)
    assert.include(text, "thousandeyes alert 118039164")
  })

  it("keeps its end when exactly all lines fit and more are counted", () => {
    for (let omitted = 0; omitted < 3; omitted++) {
      for (let max = 500; max < 700; max++) {
        const message = fromNotification({ _tag: "Raised", alert: { ...samples.raised, observationsOmitted: omitted } })
        assert.include(plainText(message, max), "thousandeyes alert 118039164", `${omitted} omitted, ${max} units`)
      }
    }
  })

  it("keeps its other parts beside one long text", () => {
    const text = plainText(fromNotification({ _tag: "Raised", alert: samples.hostile }), 4000)
    assert.include(text, "Started: 2022-04-25 22:18:00 UTC")
    assert.include(text, "thousandeyes alert 118039164")
  })
})
