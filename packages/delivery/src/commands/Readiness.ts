/**
 * Whether this gateway can accept alerts, and deliver them.
 */
import { Context, Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { Peers } from "../cluster/Peers.ts"
import { PluginRegistry } from "../config/PluginRegistry.ts"
import { Seal } from "../config/Seal.ts"
import { GroupCommit } from "../sql/GroupCommit.ts"

/** Something that the gateway needs. Alerts are accepted with the store alone; the others are needed to deliver. */
export interface Dependency {
  readonly name: "store" | "partitions" | "key" | "plugins"
  /** `unknown` if the store, which would say it, cannot be read. */
  readonly status: "ok" | "failed" | "unknown"
  /** What is wrong and what to do, unless it is `ok`. Names no integration, because anybody may read it. */
  readonly detail?: string
}

/** Checks what the gateway needs. */
export class Readiness extends Context.Service<
  Readiness,
  {
    /** Checks all dependencies, the store first; it begins and ends a write transaction. */
    readonly dependencies: Effect.Effect<readonly [store: Dependency, ...others: ReadonlyArray<Dependency>]>
  }
>()("@tocsin/delivery/Readiness") {
  static readonly layer: Layer.Layer<
    Readiness,
    never,
    GroupCommit | SqlClient.SqlClient | Peers | PluginRegistry | Seal
  > = Layer.effect(
    Readiness,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const groupCommit = yield* GroupCommit
      const peers = yield* Peers
      const seal = yield* Seal
      const types = new Set((yield* PluginRegistry).installed.map(({ plugin }) => plugin.type))

      const store = Effect.match(groupCommit.check, {
        onSuccess: (): Dependency => ({ name: "store", status: "ok" }),
        onFailure: ({ detail }): Dependency => ({ name: "store", status: "failed", detail })
      })

      const partitions = (): Dependency => {
        const unowned = peers.unowned()
        return unowned === undefined
          ? failed("partitions", "The connection that owns partitions is interrupted. It is made again every second.")
          : unowned > 0
            ? failed("partitions", `${unowned} partitions have no gateway. The others take them over within seconds.`)
            : { name: "partitions", status: "ok" }
      }

      /** What each enabled integration needs. */
      const needs = groupCommit.read(sql<Needs>`SELECT type, key_id FROM integrations WHERE enabled = 1`)

      const key = (integrations: ReadonlyArray<Needs>): Dependency => {
        const sealed = integrations.filter(({ key_id }) => !seal.keyIds.includes(key_id)).length
        return sealed === 0
          ? { name: "key", status: "ok" }
          : failed(
              "key",
              `The key does not open the settings of ${counted(sealed)}. Give every gateway the same TOCSIN_KEY, and restart this one.`
            )
      }

      const plugins = (integrations: ReadonlyArray<Needs>): Dependency => {
        const missing = integrations.filter(({ type }) => !types.has(type)).length
        return missing === 0
          ? { name: "plugins", status: "ok" }
          : failed("plugins", `The plugin of ${counted(missing)} is not installed. Name its package in TOCSIN_PLUGINS.`)
      }

      return Readiness.of({
        dependencies: Effect.gen(function* () {
          const ofStore = yield* store
          const settings = yield* Effect.match(needs, {
            onSuccess: (integrations) => [key(integrations), plugins(integrations)],
            onFailure: () => [unknown("key"), unknown("plugins")]
          })
          return [ofStore, partitions(), ...settings]
        })
      })
    })
  )
}

interface Needs {
  readonly type: string
  readonly key_id: string
}

const failed = (name: Dependency["name"], detail: string): Dependency => ({ name, status: "failed", detail })

const unknown = (name: Dependency["name"]): Dependency => ({
  name,
  status: "unknown",
  detail: "The store cannot be read."
})

const counted = (integrations: number) => (integrations === 1 ? "1 integration" : `${integrations} integrations`)
