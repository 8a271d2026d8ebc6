import { assert, describe, it } from "@effect/vitest"
import { altered, body, decode, event } from "./fixtures.ts"

const list = "https://app.thousandeyes.com/alerts/list/?__a=1200042&alertId=118039164"
const views = "https://app.thousandeyes.com/view/tests?__a=1200042&testId=2800817"

const shop = {
  source: "thousandeyes",
  sourceId: "118039164",
  reusesId: false,
  rule: { id: "4500353", name: "HTTP errors", expression: "Response Code is any error (≥ 400 or no response)" },
  test: { id: "2800817", name: "checkout-eu", type: "HTTP Server", targets: ["http://shop.example.com:5012/"] },
  severity: "major" as const,
  startedAt: "2022-04-25T22:18:00.000Z",
  observationsOmitted: 0,
  labels: {}
}

const shopAgents = [
  { name: "New York, NY (Cogent)", atStart: "Response Code: 402", link: `${list}&agentId=1120` },
  { name: "Seattle, WA (Verizon)", atStart: "Response Code: 401", link: `${list}&agentId=59220` },
  { name: "Dallas, TX (AT&T)", atStart: "Response Code: 404", link: `${list}&agentId=63069` }
]

const shopLinks = {
  started: `${views}&roundId=1650925080&agentId=1120`,
  alert: list,
  view: `${views}&roundId={time}&agentId=1120`
}

const files = {
  source: "thousandeyes",
  sourceId: "5abda706-c065-40fa-aa8c-059c3ac1ea9d",
  reusesId: false,
  rule: { id: "562949955700954", name: "File service down", expression: "Response Code is not OK (2xx)" },
  startedAt: "2025-03-17T19:43:00.000Z",
  observationsOmitted: 0
}

describe("ThousandEyes, its own webhook", () => {
  it("reads a raise", () => {
    assert.deepStrictEqual(event(body("thousandeyes-trigger")), {
      ...shop,
      eventId: "439026526-118039164",
      state: "raised",
      observations: shopAgents,
      links: shopLinks
    })
  })

  it("reads a clear", () => {
    assert.deepStrictEqual(event(body("thousandeyes-trigger-cleared")), {
      ...shop,
      eventId: "439027911-118039164",
      state: "cleared",
      clearedAt: "2022-04-25T22:31:00.000Z",
      clearedBecause: "conditionsNoLongerMet",
      observations: shopAgents.map((agent) => ({ ...agent, atEnd: "Response Code: 200" })),
      links: { ...shopLinks, cleared: `${views}&roundId=1650925860&agentId=1120` }
    })
  })

  describe("with the ids of 2025", () => {
    const alert = "https://app.thousandeyes.com/alerts/list/?__a=562949953500042&alertId=" + files.sourceId
    const view = "https://app.thousandeyes.com/view/tests?__a=562949953500042&testId=562949953500258"
    const known = {
      ...files,
      severity: "info" as const,
      test: {
        id: "562949953500258",
        name: "https://files.example.com - HTTP Server",
        type: "HTTP Server",
        targets: ["https://files.example.com"]
      },
      labels: { testLabels: "Web Server, https://files.example.com, Health Overview Dashboard" }
    }
    const agent = { name: "Hong Kong (Trial)", atStart: "Response Code: 502", link: `${alert}&agentId=4503` }
    const links = {
      started: `${view}&roundId=1742240580&agentId=4503`,
      alert,
      view: `${view}&roundId={time}&agentId=4503`
    }

    it("reads a raise", () => {
      assert.deepStrictEqual(event(body("thousandeyes-clear-triggered")), {
        ...known,
        eventId: "0c1d2f6e-58a0-4a53-9a31-5a6a54c29e0b--5abda706-c065-40fa-aa8c-059c3ac1ea9d",
        state: "raised",
        observations: [agent],
        links
      })
    })

    it("reads a clear", () => {
      assert.deepStrictEqual(event(body("thousandeyes-clear")), {
        ...known,
        eventId: "9437a575-4b00-44a2-899a-41d1134eef08--5abda706-c065-40fa-aa8c-059c3ac1ea9d",
        state: "cleared",
        clearedAt: "2025-03-24T17:21:00.000Z",
        clearedBecause: "conditionsNoLongerMet",
        observations: [{ ...agent, atEnd: "Response Code: 200" }],
        links: { ...links, cleared: `${view}&roundId=1742836860&agentId=4503` }
      })
    })
  })

  it("reads the test button's event", () => {
    assert.deepStrictEqual(decode(body("thousandeyes-test")), {
      _tag: "Test",
      eventId: "1415733887743"
    })
    assert.deepStrictEqual(decode({ eventType: "WEBHOOK_TEST", alert: null }), { _tag: "Test" })
  })

  it("reads an alert about an agent, which comes twice in one body", () => {
    const known = {
      source: "thousandeyes",
      sourceId: "562949953421312",
      reusesId: false,
      rule: { id: "77", name: "Agent offline", expression: "Last contact ≥ 10 minutes ago" },
      severity: "critical" as const,
      startedAt: "2021-11-16T14:12:00.000Z",
      observations: [{ name: "branch-oslo/Oslo branch (10.0.0.5)" }],
      observationsOmitted: 0,
      labels: {},
      links: {}
    }
    assert.deepStrictEqual(event(body("thousandeyes-agent-trigger")), {
      ...known,
      eventId: "77001-562949953421312",
      state: "raised"
    })
    assert.deepStrictEqual(event(body("thousandeyes-agent-clear")), {
      ...known,
      eventId: "77002-562949953421312",
      state: "cleared",
      clearedAt: "2021-11-16T14:40:00.000Z",
      clearedBecause: "conditionsNoLongerMet"
    })
  })

  it("reads the legacy events about agents", () => {
    const known = {
      source: "thousandeyes",
      sourceId: "90871",
      reusesId: false,
      rule: { id: "312", name: "Agent offline", expression: "Last Contact > 30 minutes" },
      severity: "major" as const,
      startedAt: "2014-11-11T18:55:00.000Z",
      observationsOmitted: 0,
      labels: {},
      links: {}
    }
    const agent = { name: "probe-7/Berlin lab (192.0.2.7)", atStart: "Last Contact: 31 minutes ago" }
    assert.deepStrictEqual(event(body("thousandeyes-legacy-agent-trigger")), {
      ...known,
      eventId: "1415733887744",
      state: "raised",
      observations: [agent]
    })
    assert.deepStrictEqual(event(body("thousandeyes-legacy-agent-clear")), {
      ...known,
      eventId: "1415735887744",
      state: "cleared",
      clearedAt: "2014-11-11T19:55:00.000Z",
      clearedBecause: "conditionsNoLongerMet",
      observations: [{ ...agent, atEnd: "Last Contact: 1 minute ago" }]
    })
  })

  it("reads a deviceAlert, and the first of the objects that has an id", () => {
    const device = { alertId: 7, ruleName: "Device down", deviceName: "core-1", ipAddress: "192.0.2.1" }
    const read = event({ eventType: "ALERT_NOTIFICATION_TRIGGER", alert: {}, agentAlert: null, deviceAlert: device })
    assert.strictEqual(read.sourceId, "7")
    assert.deepStrictEqual(read.observations, [{ name: "core-1 (192.0.2.1)" }])
  })

  it("reads the monitors of a BGP alert, and the account group from the permalink", () => {
    const read = event(body("thousandeyes-bgp-trigger"))
    assert.deepStrictEqual(read.observations, [
      {
        name: "Amsterdam-2 (Example Carrier (AS 64500), 203.0.113.0/24)",
        atStart: "Reachability: 0%",
        link: "https://app.thousandeyes.com/alerts/list/?__a=1200042&alertId=4410273&monitorId=61"
      },
      { name: "monitor 72 (Other Carrier (AS 64501), 203.0.113.0/24)", atStart: "Reachability: 50%" }
    ])
    assert.strictEqual(
      read.links.started,
      "https://app.thousandeyes.com/view/tests?__a=1200042&testId=817203&roundId=1675221300"
    )
    assert.strictEqual(read.startedAt, "2023-02-01T03:15:00.000Z")
  })

  it("reads a body of 2014: numbers as texts, null for lists, no severity, no zone, trailing blanks", () => {
    const view = "https://app.thousandeyes.com/view/tests?__a=4401&testId=31227"
    const known = {
      source: "thousandeyes",
      sourceId: "1044321",
      reusesId: false,
      rule: { id: "2219", name: "Slow page", expression: "Page Load Time > 5 seconds" },
      test: { id: "31227", name: "Shop home page", type: "Page Load" },
      severity: "minor" as const,
      startedAt: "2014-11-11T18:20:47.000Z",
      assumedTimeZone: { zone: "Europe/Berlin" },
      observationsOmitted: 0,
      labels: {}
    }
    const links = {
      started: `${view}&roundId=1415730047&agentId=24`,
      alert: "https://app.thousandeyes.com/alerts/list/?__a=4401&alertId=1044321",
      view: `${view}&roundId={time}&agentId=24`
    }
    const agent = { name: "Tokyo, Japan", atStart: "Page Load Time: 7212 ms" }
    const given = { defaults: { timezone: "Europe/Berlin", severity: "minor" } } as const
    assert.deepStrictEqual(event(body("thousandeyes-2014-trigger"), given), {
      ...known,
      eventId: "20931-1044321",
      state: "raised",
      observations: [agent],
      links
    })
    assert.deepStrictEqual(event(body("thousandeyes-2014-clear"), given), {
      ...known,
      eventId: "20977-1044321",
      state: "cleared",
      clearedAt: "2014-11-11T18:42:10.000Z",
      clearedBecause: "sourceRuleChanged",
      observations: [{ ...agent, atEnd: "N/A (rule modified or removed from test)" }],
      links: { ...links, cleared: `${view}&roundId=1415731330&agentId=24` }
    })
  })

  it.each([
    ["the alert's state", { active: 2 }],
    ["the alert's state as a text", { active: "2" }],
    ["an agent's state", { agents: [{ agentName: "Oslo", active: 2 }] }],
    ["an agent's metrics", { agents: [{ agentName: "Oslo", metricsAtEnd: "N/A (rule modified)" }] }]
  ])("knows a changed rule by %s", (_, fields) => {
    assert.strictEqual(event(altered("thousandeyes-clear", fields)).clearedBecause, "sourceRuleChanged")
  })

  it("reads static keys as labels, and keeps an unknown severity as a label", () => {
    const read = event(body("thousandeyes-static-keys-trigger"))
    assert.strictEqual(read.severity, "major")
    assert.deepStrictEqual(read.labels, {
      severity: "Catastrophic",
      team: "checkout",
      tier: "1",
      paged: "true",
      runbook: "https://wiki.example.com/a?b=1&c=2"
    })
  })

  it("truncates long texts and lists, and reports it", () => {
    const many = Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`key${n}`, "x".repeat(2000)]))
    const agents = Array.from({ length: 5003 }, (_, n) => ({ agentId: n, agentName: `Agent ${n}` }))
    const read = event(
      altered("thousandeyes-trigger", { ...many, agents, alertId: "i".repeat(600), ruleName: "n".repeat(5000) })
    )
    assert.strictEqual(Object.keys(read.labels).length, 64)
    assert.strictEqual(read.labels["labelsOmitted"], "37")
    assert.strictEqual(read.labels["key0"], `${"x".repeat(1023)}…`)
    assert.strictEqual(read.observations.length, 5000)
    assert.strictEqual(read.observationsOmitted, 3)
    assert.strictEqual(read.sourceId, `${"i".repeat(511)}…`)
    assert.strictEqual(read.rule.name, `${"n".repeat(4095)}…`)
  })

  it("reads an alert with little more than an id", () => {
    assert.deepStrictEqual(
      event({ eventType: "ALERT_NOTIFICATION_CLEAR", alert: { alertId: 1, ruleId: 2, testId: 3 } }),
      {
        source: "thousandeyes",
        sourceId: "1",
        reusesId: false,
        state: "cleared",
        startedAt: "2026-01-01T00:00:00.000Z",
        clearedBecause: "conditionsNoLongerMet",
        rule: { name: "rule 2", id: "2" },
        test: { name: "test 3", id: "3" },
        severity: "major" as const,
        observations: [],
        observationsOmitted: 0,
        labels: {},
        links: {}
      }
    )
  })

  it("ignores an end before the start, and an end of a raise", () => {
    const odd = altered("thousandeyes-clear", { dateEndZoned: "2025-03-17 19:00:00 UTC" })
    assert.isUndefined(event(odd).clearedAt)
    assert.isUndefined(event(odd).links.cleared)
    assert.isUndefined(event(altered("thousandeyes-trigger", { dateEndZoned: "2025-03-24 17:21:00 UTC" })).clearedAt)
  })
})

describe("ThousandEyes, custom webhooks", () => {
  const generic = {
    ...files,
    severity: "major" as const,
    test: {
      name: "https://files.example.com - HTTP Server",
      type: "HTTP_SERVER",
      targets: ["https://files.example.com"]
    },
    labels: { testLabels: "Web Server" },
    links: {}
  }
  const agent = { name: "Hong Kong (Trial)", atStart: "Response Code: 502" }

  it("reads the Generic preset", () => {
    assert.deepStrictEqual(event(body("thousandeyes-custom-generic-trigger")), {
      ...generic,
      eventId: "d9a0d3c2-0b7c-4e6b-9c3e-6b8b2c3f0a11",
      state: "raised",
      observations: [agent]
    })
    assert.deepStrictEqual(event(body("thousandeyes-custom-generic-clear")), {
      ...generic,
      eventId: "9437a575-4b00-44a2-899a-41d1134eef08",
      state: "cleared",
      clearedAt: "2025-03-24T17:21:00.000Z",
      clearedBecause: "conditionsNoLongerMet",
      observations: [{ ...agent, atEnd: "Response Code: 200" }]
    })
  })

  it("reads Tocsin's own template, also with the entities that the template engine writes", () => {
    const view = "https://app.thousandeyes.com/view/tests?__a=562949953500042&testId=562949953500258"
    const known = {
      ...files,
      rule: { id: "562949955700954", name: 'File service "down"', expression: "Response Code >= 400" },
      test: {
        id: "562949953500258",
        name: "Files & more - HTTP Server",
        type: "http-server",
        targets: ["https://files.example.com"]
      },
      summary: "Call the file team's duty phone.",
      severity: "critical" as const,
      labels: { testLabels: "Web Server, EU" }
    }
    const links = {
      started: `${view}&roundId=1742240580&agentId=4503`,
      view: `${view}&roundId={time}&agentId=4503`
    }
    assert.deepStrictEqual(event(body("thousandeyes-custom-tocsin-trigger")), {
      ...known,
      eventId: "0c1d2f6e-58a0-4a53-9a31-5a6a54c29e0b",
      state: "raised",
      observations: [agent],
      links
    })
    assert.deepStrictEqual(event(body("thousandeyes-custom-tocsin-clear")), {
      ...known,
      eventId: "9437a575-4b00-44a2-899a-41d1134eef08",
      state: "cleared",
      clearedAt: "2025-03-24T17:21:00.000Z",
      clearedBecause: "conditionsNoLongerMet",
      observations: [{ ...agent, atEnd: "Response Code: 200" }],
      links: { ...links, cleared: `${view}&roundId=1742836860&agentId=4503` }
    })
  })

  describe("the Splunk preset", () => {
    const view = "https://app.thousandeyes.com/view/tests?__a=1001&testId=3001"
    const links = { started: `${view}&roundId=1768442400&agentId=5001`, view: `${view}&roundId={time}&agentId=5001` }
    const known = {
      source: "thousandeyes",
      sourceId: "a1b2c3",
      reusesId: false,
      rule: { id: "4001", name: "Example rule", expression: "Response Code is not OK (2xx)" },
      test: { id: "3001", name: "Example site", type: "http-server", targets: ["https://www.example.com"] },
      severity: "major" as const,
      startedAt: "2026-01-15T02:00:00.000Z",
      observationsOmitted: 0,
      labels: {}
    }
    const raised = body("thousandeyes-custom-splunk-trigger")
    const cleared = body("thousandeyes-custom-splunk-clear")

    it("is read, with and without its envelope", () => {
      for (const bare of [raised, raised["event"]]) {
        assert.deepStrictEqual(event(bare), {
          ...known,
          state: "raised",
          observations: [{ name: "Example City", atStart: "Response Code: 503" }],
          links
        })
      }
      for (const bare of [cleared, cleared["event"]]) {
        assert.deepStrictEqual(event(bare), {
          ...known,
          state: "cleared",
          clearedAt: "2026-01-15T02:15:00.000Z",
          clearedBecause: "conditionsNoLongerMet",
          observations: [
            {
              name: "Example City (Example Carrier (AS 64500))",
              atStart: "Response Code: 503",
              atEnd: "Response Code: 200"
            }
          ],
          links: { ...links, cleared: `${view}&roundId=1768443300&agentId=5001` }
        })
      }
    })

    it("returns no event id, because a clear may repeat that of its raise", () => {
      assert.isUndefined(event(raised).eventId)
      assert.isUndefined(event(cleared).eventId)
    })
  })

  it.each(["ALERT_NOTIFICATION_TRIGGER", "ALERT_NOTIFICATION_CLEAR", "WEBHOOK_TEST", "MINE", null])(
    "makes no difference between templates with and without an eventType such as %s",
    (eventType) => {
      for (const name of ["generic-trigger", "generic-clear", "tocsin-trigger", "tocsin-clear"]) {
        const rendered = body(`thousandeyes-custom-${name}`)
        assert.deepStrictEqual(event({ ...rendered, eventType }), event(rendered))
        const withId = { ...rendered, eventType, alert: { ...Object(rendered.alert), alertId: 5 } }
        const { labels, ...read } = event(rendered)
        assert.deepStrictEqual(event(withId), { ...read, labels: { ...labels, alertId: "5" } })
      }
    }
  )

  it("reads numbers as texts and texts as numbers", () => {
    const fields = { triggered: "1742240580000", cleared: "1742836860000", targets: null, details: null }
    const read = event({ ...body("thousandeyes-custom-generic-clear"), type: 1, id: 5 })
    assert.strictEqual(read.state, "cleared")
    assert.strictEqual(read.eventId, "5")
    const { clearedAt, startedAt } = event(altered("thousandeyes-custom-generic-clear", fields))
    assert.deepStrictEqual([startedAt, clearedAt], [generic.startedAt, "2025-03-24T17:21:00.000Z"])
  })

  it("reads an alert without test, targets and details, such as one about an agent", () => {
    const fields = { test: undefined, targets: undefined, details: [], type: "AGENT" }
    const read = event(altered("thousandeyes-custom-tocsin-trigger", fields))
    assert.isUndefined(read.test)
    assert.deepStrictEqual(read.links, {})
    assert.deepStrictEqual(read.observations, [])
  })

  it("does not mistake the alert's id for the event's", () => {
    assert.isUndefined(event({ ...body("thousandeyes-custom-generic-clear"), id: files.sourceId }).eventId)
  })
})

describe("ThousandEyes, unreadable bodies", () => {
  const secret = "s3cr3t"
  it.each([
    ["no object", [secret], "the body: "],
    ["neither format", { hello: secret }, "the body: Expected an object with eventType and alert"],
    [
      "a message of Slack's preset",
      { text: secret, attachments: [{ fields: [] }] },
      "the body: It is a message for people"
    ],
    ["a message of Webex' preset", { roomId: "1", markdown: secret }, "the body: It is a message for people"],
    ["a card of Teams' preset", { "@type": "MessageCard", title: secret }, "the body: It is a message for people"],
    ["an event in an envelope", { event: { type: secret, alert: { id: 1 } } }, "/event/type: "],
    ["an alert in an envelope", { event: { type: "2", alert: { secret } } }, "/event/alert/id: "],
    ["an envelope of something else", { event: secret }, "the body: Expected an object with eventType and alert"],
    ["an unknown eventType", { eventType: secret, alert: { alertId: 1 } }, "/eventType: "],
    ["no alert", { eventType: "ALERT_NOTIFICATION_TRIGGER", eventId: secret }, "/alert: "],
    ["no alert id", { eventType: "ALERT_NOTIFICATION_TRIGGER", alert: { alertId: { secret } } }, "/alert: "],
    ["an unknown type", { type: secret, alert: { id: 1 } }, "/type: "],
    ["an alert that is no object", { type: "2", alert: secret }, "/alert: "],
    ["no alert id in a custom webhook", { type: "2", alert: { secret } }, "/alert/id: "],
    ["an alert id of another type", { type: "2", alert: { id: [secret] } }, "/alert/id: "]
  ])("says where and what was expected, and repeats nothing: %s", (_, body, where) => {
    const decoded = decode(body)
    assert(decoded._tag === "Unreadable")
    assert(decoded.why.startsWith(where), decoded.why)
    assert.notInclude(decoded.why, secret)
  })
})
