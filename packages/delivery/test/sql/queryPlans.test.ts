import { assert, describe, it } from "@effect/vitest"
import { type AlertId, DestinationGone } from "@tocsin/core"
import { AlertSearch, Edits, History, Intake, Operators, Overview } from "@tocsin/delivery"
import { Effect, Layer } from "effect"
import { SqlClient, Statement } from "effect/sql"
import {
  accept,
  clear,
  engine,
  event,
  integration,
  integrationId,
  pass,
  raise,
  removeIntegration,
  removeRule,
  ruleId,
  rule,
  save,
  tick
} from "../harness/engine.ts"
import { Script } from "../harness/FakeChannel.ts"
import { isPostgres } from "../harness/store.ts"

/** A step that reads a whole table that grows with history, by its name or by an alias of ours. */
const scan = /^SCAN (alerts|events|conversations|deliveries|one|this|later|a|c|d)\b/

/**
 * Statements that run often, or that would be slow in a long history, each with the index that is meant for it, and what
 * PostgreSQL finds by it where it has another name there, or goes another good way.
 */
const meant: ReadonlyArray<readonly [statement: RegExp, step: string, onPostgres?: string]> = [
  [/AND status = 'pending' AND/, "undelivered_by_integration (integration_id=? AND status=?)"],
  [/AND status = 'retrying' AND/, "retrying_deliveries (integration_id=?)"],
  [/WHERE integration_id = \? AND severity = 'critical'/, "critical_deliveries (integration_id=?)"],
  [/WHERE about = \? AND status IN/, "notices (about=? AND status=?)"],
  [/AND this\.id = given\.alert_id/, "deliveries_by_conversation (alert_id=? AND integration_id=?)"],
  [/AND this\.id = asked\.alert_id/, "deliveries_by_conversation (alert_id=? AND integration_id=?)"],
  [/asked\.id = given\.id/, "sqlite_autoindex_deliveries_1 (id=?)", "deliveries_id_key (id=?)"],
  [/AND this\.id = deliveries\.alert_id/, "deliveries_by_conversation (alert_id=? AND integration_id=?)"],
  [/status <> 'delivered' AND severity <> 'critical'/, "undelivered_by_integration (integration_id=? AND status=?)"],
  [/WHERE about = \?/, "notices (about=?"],
  [/stands_in_for IS NOT NULL/, "undelivered_by_integration (integration_id=? AND status=?)"],
  [/diverted_to IS NOT NULL/, "conversations_by_integration (integration_id=?)"],
  [/JOIN conversations c\s+LEFT/, "deliveries_by_conversation (alert_id=? AND integration_id=?)"],
  [
    /CROSS JOIN alerts\s+WHERE alerts\.id = \(SELECT a\.id/,
    "sqlite_autoindex_alerts_2 (source=? AND source_id=?)",
    "alerts_source_source_id_episode_key (source=? AND source_id=?)"
  ],
  [/CROSS JOIN events\s+WHERE events\.source = given\.source/, "events_by_event_id (source=? AND event_id=?)"],
  [/FROM deliveries WHERE id IN/, "sqlite_autoindex_deliveries_1 (id=?)", "deliveries_id_key (id=?)"],
  [/^UPDATE deliveries SET status = given\.status/, "sqlite_autoindex_deliveries_1 (id=?)", "deliveries_id_key (id=?)"],
  [/^UPDATE deliveries SET status = 'sending'/, "sqlite_autoindex_deliveries_1 (id=?)", "deliveries_id_key (id=?)"],
  [
    /^UPDATE conversations SET last_word/,
    "conversations USING PRIMARY KEY (alert_id=? AND integration_id=?)",
    // An alert has few conversations.
    "conversations_pkey (alert_id=?)"
  ],
  [
    /JOIN conversations c LEFT[^]*AND c\.integration_id (\|\| '' )?= given/,
    "conversations_by_integration (integration_id=? AND alert_id=?)",
    "conversations_pkey (alert_id=?)"
  ],
  [
    /AS one WHERE \(status = \? AND status <> 'delivered' AND sequence > 0\) AND sequence/,
    "undelivered (status=? AND sequence>? AND sequence<?)"
  ],
  [
    /AS one WHERE \(status = \? AND status <> 'delivered' AND integration_id = \?\) AND sequence/,
    "undelivered_by_integration (integration_id=? AND status=? AND sequence<?)"
  ],
  [
    /AS one WHERE \(status = 'delivered' AND integration_id = \?\) AND sequence/,
    "delivered_by_integration (integration_id=? AND sequence<?)",
    // It knows that a fifth of all is this integration's, which are soon found among all.
    "deliveries_pkey (sequence<?)"
  ],
  [/AND note IS NOT NULL/, "notes_by_alert (alert_id=?)"],
  [/SELECT sequence FROM alerts\s+WHERE \(state = \? AND sequence </, "alerts_by_state (state=? AND sequence<?)"],
  [/SELECT sequence FROM alerts\s+WHERE \(state = \? AND sequence >/, "alerts_by_state (state=? AND sequence>?)"],
  [
    /SELECT sequence FROM alerts\s+WHERE \(state = \? AND source = \? AND sequence/,
    "alerts_by_source (source=? AND state=? AND sequence<?)"
  ],
  [
    /FROM alerts\s+WHERE \(source_id = \? AND source IN .* sequence/s,
    "sqlite_autoindex_alerts_2 (source=? AND source_id=?)",
    "alerts_source_source_id_episode_key (source_id=?)"
  ],
  [/FROM deliveries WHERE created_at >= \?/, "deliveries_by_time (created_at>?)"],
  [/WHERE state = 'raised' AND sequence/, "alerts_by_state (state=? AND sequence>?)"],
  [/WHERE state = 'raised' AND last_heard_at/, "alerts_by_last_heard (state=? AND last_heard_at<?)"],
  [/WHERE state = 'cleared' AND last_heard_at/, "alerts_by_last_heard (state=?"],
  [
    /WHERE alert_id IS NULL AND kind <> 'DigestList' AND created_at >= \? ORDER BY/,
    "deliveries_of_no_alert (created_at>?)"
  ],
  [/count\(\*\) AS n FROM deliveries WHERE folded_into/, "folded_deliveries (folded_into=?)"],
  [
    /FROM deliveries digest/,
    "deliveries_of_no_alert (created_at>?)",
    // Those of an integration that are of no alert are few, too.
    "deliveries_by_conversation (alert_id=? AND integration_id=?)"
  ],
  [/FROM deliveries digest/, "folded_deliveries (folded_into=?)"],
  [
    /status = 'retrying' AND status <> 'delivered' AND sequence > 0 GROUP BY/,
    "undelivered (status=? AND sequence>?)",
    "undelivered (status=?)"
  ],
  [/created_at < \? GROUP BY integration_id/, "deliveries_by_time (created_at>? AND created_at<?)"],
  [/min\(source\) FROM alerts/, "alerts_by_source (source>?)", "alerts_source_source_id_episode_key"],
  [/FROM event_counts\s+WHERE hour >=/, "event_counts USING PRIMARY KEY (hour>?)", "event_counts_by_hour (hour>?)"],
  [/last_heard_at AS last FROM alerts/, "alerts_by_source (source=? AND state=?)"],
  [/FROM pauses/, "pauses_by_integration (integration_id=?)"],
  [/event_id IS NOT NULL AND received_at </, "events_with_id_by_time (received_at<?)"],
  [/event_id IS NULL AND received_at </, "events_without_id_by_time (received_at<?)"]
]

/** Up to here they belong to the hot path: a session keeps the plans that it made when tables were short and all was delivered. */
const firstOfLists = meant.findIndex(([statement]) => statement.source.startsWith("AS one"))

/** Whether a step takes the index, by all of the columns that are named with it. */
const takes = (wanted: string) => {
  const [index = "", ...columns] = wanted.match(/\w+/g) ?? []
  return (step: string) =>
    isPostgres
      ? step.includes(`"Index Name":"${index}"`) &&
        columns.every((column) => column === "AND" || RegExp(`"Index Cond":"[^"]*\\b${column}\\b`).test(step))
      : step.includes(wanted)
}

/** How the store would run a statement, a step a line. */
const explain = (statement: string, params: ReadonlyArray<unknown>) =>
  Effect.flatMap(SqlClient.SqlClient, (sql) =>
    sql.onDialectOrElse({
      pg: () => explainPostgres(sql, statement, params),
      orElse: () =>
        Effect.map(sql.unsafe<{ detail: string }>(`EXPLAIN QUERY PLAN ${statement}`, params), (steps) =>
          steps.map(({ detail }) => detail)
        )
    })
  )

interface Node {
  readonly "Node Type": string
  readonly "Relation Name"?: string
  readonly "Index Name"?: string
  readonly "Index Cond"?: string
  readonly "Plan Rows"?: number
  readonly Plans?: ReadonlyArray<Node>
}

const explainPostgres = (sql: SqlClient.SqlClient, statement: string, params: ReadonlyArray<unknown>) =>
  Effect.map(
    sql.unsafe<{ "QUERY PLAN": ReadonlyArray<{ readonly Plan: Node }> }>(`EXPLAIN (FORMAT JSON) ${statement}`, params),
    (rows) => rows.flatMap((row) => row["QUERY PLAN"].flatMap(({ Plan }) => stepsOf(Plan)))
  )

/** What reads a whole table is said as SQLite says it. */
const stepsOf = ({ Plans = [], ...node }: Node, isFirstOnly = false): ReadonlyArray<string> => [
  (!isFirstOnly &&
  isScan.test(node["Node Type"]) &&
  node["Index Cond"] === undefined &&
  !ofFew.test(node["Index Name"] ?? "")
    ? `SCAN ${node["Relation Name"]} `
    : "") + JSON.stringify(node),
  // The first row of an index is found at once.
  ...Plans.flatMap((plan) => stepsOf(plan, node["Node Type"] === "Limit" && node["Plan Rows"] === 1))
]

/** Indexes of what is retried or critical only: they may be read as a whole. */
const ofFew = /^(retrying_deliveries|critical_deliveries)$/

const isScan = /^(Seq|Index|Index Only) Scan$/

/** A long history, of which PostgreSQL then knows the same each time: of tables of this size it looks at every row. */
const longHistory = (sql: SqlClient.SqlClient) => {
  const each = "FROM generate_series(1, 20000) AS n"
  const channel = "(ARRAY['ops', 'dev', 'slow', 'broken', 'told'])[n / 10 % 5 + 1]"
  const status = "CASE n % 10 WHEN 0 THEN 'pending' WHEN 1 THEN 'retrying' WHEN 2 THEN 'dead' ELSE 'delivered' END"
  return Effect.forEach(
    [
      `INSERT INTO alerts (id, source, source_id, episode, state, severity, raised_here, started_at, clear_time_stated, alert,
         last_hash, last_heard_at, created_at)
       SELECT 'a' || n, 'source' || n / 2000 % 5, 'id' || n % 2000, n / 10000, CASE n % 10 WHEN 0 THEN 'raised' ELSE 'cleared' END,
         'major', 1, -n, 1, '{}', '', -n, -n ${each}`,
      `INSERT INTO events (source, event_id, hash, alert_id, status, received_at)
       SELECT 'source' || n % 5, CASE n % 2 WHEN 0 THEN 'e' || n END, '', 'a' || n, 'accepted', -n ${each}`,
      `INSERT INTO conversations (alert_id, integration_id, state, holders, held_by, perhaps_told, opened_at)
       SELECT 'a' || n, ${channel}, 'open', '[]', '[]', 0, -n ${each}`,
      `INSERT INTO deliveries (id, alert_id, integration_id, kind, status, form, attempts,
         next_at, severity, history, created_at, updated_at)
       SELECT 'd' || n, 'a' || n, ${channel}, 'Raised', ${status}, 'rich', 1, -n, 'major', '[]', -n, -n ${each}`,
      `INSERT INTO deliveries (id, integration_id, kind, status, form, attempts, next_at, severity, digest_key, history,
         created_at, updated_at)
       SELECT 'g' || n, ${channel}, 'Digest', 'delivered', 'rich', 1, -n, 'major', 'k' || n, '[]', -n, -n ${each}`,
      "VACUUM ANALYZE alerts, events, conversations, deliveries"
    ],
    (statement) => sql.unsafe(statement),
    { discard: true }
  )
}

/** All statements that run in a test, each once. */
const recording = () => {
  const statements = new Map<string, ReadonlyArray<unknown>>()
  /** For what the test itself does to the store. */
  const unrecorded = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
    Effect.provideService(effect, Statement.CurrentTransformer, undefined)
  const layer = Layer.succeed(Statement.CurrentTransformer, (statement) => {
    const [text, params] = statement.compile()
    if (/^\s*(SELECT|UPDATE|DELETE|INSERT|WITH)/.test(text)) statements.set(text, params)
    return Effect.succeed(statement)
  })
  return { layer, statements, unrecorded }
}

/** Every way in which lists can be asked for. */
const lists = (alert: AlertId) =>
  Effect.gen(function* () {
    const search = yield* AlertSearch
    const history = yield* History
    const limit = 10
    for (const state of [undefined, "cleared", "raised"] as const)
      for (const source of [undefined, "monitor"])
        for (const sourceId of [undefined, "a"])
          for (const after of [undefined, 10_000]) {
            const filter = { state, source, sourceId, after, limit }
            yield* search.list(filter)
            yield* search.list({ ...filter, order: "oldest" })
            const others = {
              severity: ["major"],
              rule: ruleId("r"),
              integration: integrationId("ops"),
              q: "a"
            } as const
            yield* search.list({ ...filter, ...others, notNotified: true })
          }
    for (const status of [[], ["open"], ["dead"], ["pending", "delivered"]] as const)
      for (const integration of [undefined, integrationId("ops")])
        for (const since of [undefined, 1])
          for (const of of [undefined, alert])
            for (const before of [undefined, 10_000])
              yield* history.list({ status, integration, since, alert: of, before, limit })
  })

/** Asserts that the statements take the indexes that are meant for them. */
const takeIndexes = Effect.fnUntraced(function* (
  statements: ReadonlyMap<string, ReadonlyArray<unknown>>,
  expected: typeof meant
) {
  const others: Array<string> = []
  for (const [statement, step, onPostgres = step] of expected) {
    const [found] = [...statements].filter(([text]) => statement.test(text.replaceAll(/\$\d+/g, "?")))
    assert.isDefined(found, String(statement))
    if (found === undefined) continue
    const steps = yield* explain(...found)
    if (!steps.some(takes(isPostgres ? onPostgres : step))) others.push([statement, ...steps].join("\n"))
  }
  assert.deepStrictEqual(others, [])
})

describe("Every statement", () => {
  it.effect("finds its rows by an index, however long the history is", () => {
    const { layer, statements, unrecorded } = recording()
    const script = new Script()
    return Effect.gen(function* () {
      const edits = yield* Edits
      const intake = yield* Intake
      const history = yield* History
      yield* save(integration("ops"), integration("dev"), rule("r", { to: ["ops", "dev"] }))
      statements.clear()
      const id = yield* raise("a", { eventId: "1" })
      yield* raise("a", { eventId: "1" })
      yield* accept(event("b"), event("c"))
      yield* tick
      yield* clear("a")
      yield* intake.clear(yield* raise("d"), "over")
      yield* tick
      yield* history.conversations(id)
      yield* history.notes(id)
      const [delivery] = (yield* history.list({ status: [], limit: 1 })).items
      yield* history.get(delivery?.id ?? "")
      yield* lists(id)
      yield* edits.previewRule(rule("r", { to: ["ops"] }))
      yield* save(
        rule("r", { to: ["ops"] }),
        integration("dev", { enabled: false }),
        integration("dev", { settings: { channel: "other" } })
      )
      yield* removeRule("r")
      yield* save(rule("unused", { match: { source: "nobody" }, to: ["ops"] }))
      yield* removeRule("unused")
      yield* save(
        integration("told"),
        integration("slow", { limits: { messages: 4, perSeconds: 60, burst: 1 } }),
        integration("broken", { fallback: integrationId("dev") }),
        rule("storm", { to: ["slow", "broken"] })
      )
      script.always("broken", { fail: new DestinationGone({ detail: "HTTP 404" }) })
      yield* accept(...Array.from({ length: 20 }, (_, n) => event(`s${n}`)))
      yield* pass("1 minute")
      const overview = yield* Overview
      yield* overview.lastDigests
      yield* overview.retryingSince
      yield* overview.sentInDigests(integrationId("slow"), 0)
      yield* overview.activity
      yield* overview.sources
      yield* history.pauses([integrationId("slow")], 0)
      yield* removeIntegration("ops")
      const sql = yield* SqlClient.SqlClient
      yield* unrecorded(sql`UPDATE alerts SET last_heard_at = -10000000000`)
      yield* unrecorded(sql`UPDATE deliveries SET updated_at = -10000000000`)
      yield* unrecorded(sql`UPDATE events SET received_at = -10000000000`)
      yield* unrecorded(sql`UPDATE rules SET deleted_at = -10000000000 WHERE deleted_at IS NOT NULL`)
      yield* pass("2 hours")
      assert.isTrue([...statements.keys()].some((text) => text.startsWith("DELETE FROM alerts")))
      assert.isTrue([...statements.keys()].some((text) => text.startsWith("DELETE FROM rules")))
      assert.isAbove(statements.size, 80)
      if (isPostgres) {
        // Before PostgreSQL has looked at a table, it guesses its length by its pages. An index of all deliveries then costs
        // the same for those of a fallback as the index of those that are undelivered.
        const isTie = ([{ source }]: (typeof meant)[number]) => source === "stands_in_for IS NOT NULL"
        yield* takeIndexes(
          statements,
          meant.slice(0, firstOfLists).filter((row) => !isTie(row))
        )
        yield* unrecorded(sql`ANALYZE`)
        yield* takeIndexes(statements, meant.slice(0, firstOfLists))
        yield* unrecorded(longHistory(sql))
      }
      const scanning: Array<string> = []
      for (const [text, params] of statements) {
        const steps = yield* explain(text, params)
        if (steps.some((step) => scan.test(step))) scanning.push([text, ...steps].join("\n"))
      }
      assert.deepStrictEqual(scanning, [])
      yield* takeIndexes(statements, meant)
    }).pipe(
      Effect.provide(
        engine(script).pipe(Layer.provideMerge(layer), Layer.provide(Layer.succeed(Operators, integrationId("told"))))
      )
    )
  })
})
