/**
 * What the pictures of the console show: integrations, rules and alerts of an invented shop.
 */

interface Demo {
  readonly url: string
  readonly slackUrl: string
  readonly hipChatUrl: string
  /** Epoch milliseconds. */
  readonly now: number
}

const minute = 60_000
const hour = 60 * minute

/** Alerts: the rule, what it tests, how severe it is, how long ago it was raised, and after what part of that it cleared. */
const alerts: ReadonlyArray<
  readonly [rule: string, test: string, severity: string, source: string, age: number, cleared?: number]
> = [
  ["HTTP errors", "checkout-eu", "critical", "synthetics", 4 * minute],
  ["Latency above 200 ms", "api.shop.example.com", "major", "synthetics", 11 * minute],
  ["Replica lag", "db-2", "minor", "database", 26 * minute],
  ["Packet loss", "edge-fra1", "major", "network", 48 * minute],
  ["5xx above 1 %", "search", "major", "synthetics", 75 * minute, 0.4],
  ["Disk almost full", "db-1:/var", "critical", "database", 2.2 * hour],
  ["Certificate expires", "login.shop.example.com", "info", "certificates", 3 * hour],
  ["BGP path change", "AS64500", "minor", "network", 5 * hour, 0.7],
  ["Backup late", "nightly", "minor", "backup-job", 9 * hour],
  ["DNS resolution", "login.shop.example.com", "major", "network", 13 * hour],
  ["Queue depth", "orders", "major", "database", 17 * hour, 0.2],
  ["Memory pressure", "search-3", "minor", "cluster", 22 * hour],
  ["HTTP errors", "checkout-us", "major", "synthetics", 31 * hour, 0.1],
  ["Pod restarts", "recommendations", "info", "cluster", 50 * hour],
  ["Packet loss", "edge-sin1", "major", "network", 75 * hour],
  ["Clock skew", "db-2", "info", "database", 6 * 24 * hour],
  ["Disk almost full", "logs-1:/data", "minor", "cluster", 11 * 24 * hour]
]

/** Makes all of it by the API, as a person would. */
export const seedConsole = async ({ hipChatUrl, now, slackUrl, url }: Demo): Promise<void> => {
  const post = async (path: string, body: object) => {
    const answer = await fetch(`${url}${path}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body)
    })
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`)
  }
  const limits = { messages: 1000, perSeconds: 1, burst: 1000 }
  const slack = (id: string, name: string, more: object = {}) =>
    post("/v1/integrations", {
      id,
      name,
      type: "slack",
      limits,
      settings: { url: `${slackUrl}/services/T0/B0/${id}`, channel: `#${id}` },
      ...more
    })
  await slack("ops", "Ops channel")
  await slack("night", "Night shift", { fallback: "ops" })
  const hipChat = (id: string, name: string, room: number, authToken: string) =>
    post("/v1/integrations", {
      id,
      name,
      type: "hipchat",
      limits,
      settings: { url: `${hipChatUrl}/v2/room/${room}/notification`, authToken }
    })
  await hipChat("room", "Ops room", 42, "the-rooms-auth-token")
  await hipChat("war-room", "Old war room", 43, "a-token-of-last-year")
  await slack("data", "Data platform")
  const rule = (id: string, name: string, match: object, integrations: ReadonlyArray<string>, more: object = {}) =>
    post("/v1/rules", { id, name, match, integrations, notifyOnClear: true, ...more })
  await rule("major", "Major and above", { severity: "major" }, ["ops", "room"])
  await rule("critical", "Critical wakes people", { severity: "critical" }, ["night"])
  await rule("checkout", "The checkout", { test: ["checkout-*", "api.shop.example.com"] }, ["war-room"])
  await rule("database", "Databases", { source: "database" }, ["data"])
  await rule("archive", "Everything to the archive", {}, ["data"], { enabled: false })
  for (const [index, [name, test, severity, source, age, cleared]] of alerts.toReversed().entries()) {
    const alert = {
      source,
      id: `${name}-${index}`,
      startedAt: new Date(now - age).toISOString(),
      severity,
      rule: { name },
      test: { name: test, targets: [test] },
      labels: { team: source === "database" ? "data" : "net", region: "eu-central" },
      summary: `${name} on ${test} for more than five minutes.`,
      links: { started: "https://graphs.shop.example.com/?at=1", alert: "https://graphs.shop.example.com/alert/1" }
    }
    await post("/v1/alerts", { ...alert, state: "raised" })
    if (cleared === undefined) continue
    await post("/v1/alerts", { ...alert, state: "cleared", clearedAt: new Date(now - age * cleared).toISOString() })
  }
  await delivered(url)
}

/** Waits until everything that can be delivered was. */
const delivered = async (url: string): Promise<void> => {
  for (;;) {
    const { items } = await fetch(`${url}/v1/integrations`).then((answer) => answer.json())
    if (items.every(({ backlog, state }: Shown) => backlog === 0 || state === "broken")) return
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

interface Shown {
  readonly backlog: number
  readonly state: string
}
