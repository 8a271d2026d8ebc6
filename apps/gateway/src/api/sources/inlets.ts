/**
 * The sources that can be posted to: the configured ones, and the built-in types that need no settings.
 */
import { NotFound } from "@tocsin/client"
import { type ConfiguredSource, Sources, type StoreUnavailable } from "@tocsin/delivery"
import {
  decodeSettings,
  type Defaults,
  needsNoSettings,
  PagerDuty,
  Prometheus,
  type Source,
  ThousandEyes
} from "@tocsin/sources"
import { Clock, Context, Data, Effect, Layer } from "effect"
import { HttpServerResponse } from "effect/http"
import { TooManyBodies } from "../body/unauthenticatedBodies.ts"
import { problem } from "../../server/problem.ts"
import { Settings } from "../../startup/settings/Settings.ts"
import { SourceTypes } from "../../startup/SourceTypes.ts"

/** A source that can be posted to. */
export interface Inlet {
  /** Becomes the `source` of its alerts. */
  readonly name: string
  readonly type: Source
  readonly settings: unknown
  readonly defaults: Defaults
  /** Undefined for a type that is not configured. */
  readonly configured: ConfiguredSource | undefined
}

/** A source cannot be posted to now; the sender is to repeat the request. */
export class InletUnavailable extends Data.TaggedError("InletUnavailable")<{
  readonly title: string
  readonly detail: string
  /** After how many seconds to repeat it. */
  readonly seconds?: number
}> {}

/** Answers 503, because senders repeat it: their alerts arrive once the source is fixed, or below its rate limit. */
export const answerUnavailable = <A, E, R>(
  handler: Effect.Effect<A, E, R>
): Effect.Effect<A | HttpServerResponse.HttpServerResponse, Exclude<E, InletUnavailable | TooManyBodies>, R> =>
  Effect.catch(
    handler,
    (error): Effect.Effect<HttpServerResponse.HttpServerResponse, Exclude<E, InletUnavailable | TooManyBodies>> => {
      if (error instanceof InletUnavailable) {
        const answer = problem(503, error.title, error.detail)
        return Effect.succeed(
          error.seconds === undefined
            ? answer
            : HttpServerResponse.setHeader(answer, "retry-after", String(error.seconds))
        )
      }
      return error instanceof TooManyBodies
        ? Effect.succeed(
            problem(503, "Too many events are being received", "Send the event again after Retry-After seconds")
          )
        : // Narrowing does not exclude from a type parameter.
          Effect.fail(error as Exclude<E, InletUnavailable | TooManyBodies>)
    }
  )

/** The sources whose senders expect a path of their own. */
export const elsewhere: ReadonlyMap<string, string> = new Map([
  [Prometheus.type, "/api/v2/alerts"],
  [PagerDuty.type, "/v2/enqueue"]
])

/** Finds the sources that can be posted to. */
export class Inlets extends Context.Service<
  Inlets,
  {
    readonly find: (name: string) => Effect.Effect<Inlet, NotFound | InletUnavailable | StoreUnavailable>
    /** Counts a request of the source against its rate limit. Each gateway counts for itself. */
    readonly admit: (inlet: Inlet) => Effect.Effect<void, InletUnavailable>
    /** Records that a request of the source was accepted. */
    readonly heard: (inlet: Inlet) => Effect.Effect<void>
    /** The path to which a source posts. */
    readonly addressOf: (name: string, configuredType?: string) => string
  }
>()("@tocsin/gateway/Inlets") {
  static readonly layer = Layer.effect(
    Inlets,
    Effect.gen(function* () {
      const types = yield* SourceTypes
      const sources = yield* Sources
      const { thousandEyesTimeZone, thousandEyesViewsUrl: viewsUrl } = yield* Settings
      const unconfigured = new Map([...types].filter(([, type]) => needsNoSettings(type)))
      /** The decoded settings of configured sources, until they are edited. */
      const decoded = new Map<string, { readonly version: string; readonly settings: unknown }>()

      const settingsOf = Effect.fnUntraced(function* (type: Source, { name, secrets, ...source }: ConfiguredSource) {
        const version = `${source.sequence}.${source.updatedAt}`
        const known = decoded.get(name)
        if (known?.version === version) return known.settings
        const settings = yield* Effect.mapError(
          decodeSettings(type, secrets.settings ?? {}),
          () =>
            new InletUnavailable({
              title: "The source cannot be read",
              detail: `The settings of the source ${name} cannot be read: save it again`
            })
        )
        decoded.set(name, { version, settings })
        return settings
      })

      const buckets = new Map<string, { readonly tokens: number; readonly at: number }>()

      return Inlets.of({
        admit: Effect.fnUntraced(function* ({ configured, name }) {
          const limit = configured?.options.rateLimit
          if (limit === undefined) return
          const now = yield* Clock.currentTimeMillis
          const perToken = (limit.perSeconds * 1000) / limit.messages
          const { at, tokens } = buckets.get(name) ?? { at: now, tokens: limit.messages }
          const filled = Math.min(limit.messages, tokens + Math.max(0, now - at) / perToken)
          buckets.set(name, { at: now, tokens: filled >= 1 ? filled - 1 : filled })
          if (filled < 1) {
            const seconds = Math.max(1, Math.ceil(((1 - filled) * perToken) / 1000))
            return yield* new InletUnavailable({
              title: "Too many requests of this source",
              detail: `Send again in ${seconds} s: ${name} is above its rate limit`,
              seconds
            })
          }
        }),
        heard: ({ configured }) =>
          configured?.options.expectEvery === undefined ? Effect.void : sources.heard(configured),
        find: Effect.fnUntraced(function* (name) {
          const known = yield* sources.current
          // Another gateway may have saved it within the last second.
          const configured = known.get(name) ?? (unconfigured.has(name) ? undefined : yield* sources.get(name))
          if (configured !== undefined) {
            const type = types.get(configured.type)
            if (type === undefined) {
              return yield* new InletUnavailable({
                title: "The source cannot be read",
                detail: `The type ${configured.type} of the source ${name} is not installed`
              })
            }
            const settings = yield* settingsOf(type, configured)
            return { name, type, settings, defaults: configured.options.defaults ?? {}, configured }
          }
          const type = unconfigured.get(name)
          if (type !== undefined) {
            const isThousandEyes = name === ThousandEyes.type
            const settings = isThousandEyes ? { viewsUrl } : yield* Effect.orDie(decodeSettings(type, {}))
            const defaults = isThousandEyes ? { timezone: thousandEyesTimeZone } : {}
            return { name, type, settings, defaults, configured }
          }
          const names = [...unconfigured.keys(), ...known.keys()].filter((name) => !elsewhere.has(name))
          return yield* new NotFound({
            detail: `There is no source of this name; there are ${[...new Set(names)].toSorted().join(", ")}`
          })
        }),
        addressOf: (name, type = unconfigured.has(name) ? name : undefined) => {
          if (type === undefined) return "/v1/alerts"
          if (type === PagerDuty.type || name === type) return elsewhere.get(type) ?? `/v1/sources/${name}`
          return type === Prometheus.type ? `/v1/sources/${name}/api/v2/alerts` : `/v1/sources/${name}`
        }
      })
    })
  )
}
