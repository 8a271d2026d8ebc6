import type { Source } from "@tocsin/sources"
import { Configuration, PluginRegistry } from "@tocsin/delivery"
import { Console, Effect, Layer, Option } from "effect"
import { HttpServer } from "effect/http"
import { NetAddress } from "effect/net"
import { hostname } from "node:os"
import manifest from "../../package.json" with { type: "json" }
import { describePlugin, type Packages } from "./Plugins.ts"
import { Settings } from "./settings/Settings.ts"

/**
 * Logs the version, the address, the store and the plugins at the start; prints the next steps while there is no
 * integration.
 */
export const startupMessage = (packages: Packages, sources: ReadonlyArray<Source>) =>
  Layer.effectDiscard(
    Effect.gen(function* () {
      const { hasConsole, log, store, tlsCert, token } = yield* Settings
      const { address } = yield* HttpServer.HttpServer
      const plugins = (yield* PluginRegistry).installed.map(({ plugin }) => describePlugin(plugin, packages))
      const others = sources.map((source) => describePlugin(source, packages))
      const read = others.length === 0 ? "" : ` and the sources ${others.join(", ")}`
      const scheme = Option.isSome(tlsCert) ? "https" : "http"
      const bound = HttpServer.formatAddress(address).replace(/^http:/, `${scheme}:`)
      const isEverywhere = NetAddress.isInetAddress(address) && NetAddress.isUnspecified(address.address)
      // 0.0.0.0 and :: are for listening only.
      const url = (host: string) => (isEverywhere ? `${scheme}://${host}:${address.port}` : bound)
      const here = url("localhost")
      const integrations = yield* (yield* Configuration).integrations
      const console = hasConsole ? ` The console: ${here}/console/` : ""
      const served = Option.isNone(token)
        ? "Only this machine is served, because TOCSIN_TOKEN is not set."
        : "Callers need the token."
      yield* Effect.annotateLogs(
        Effect.logInfo(
          `Tocsin ${manifest.version} listens on ${bound}, with its data in ${store.shown} and the plugins ${plugins.join(", ")}${read}. ${served}${console}`
        ),
        {
          event: "start",
          version: manifest.version,
          url: bound,
          store: store.shown,
          plugins,
          ...(others.length > 0 && { sources: others })
        }
      )
      if (integrations.length > 0 || log.format === "json") return
      yield* Console.log(
        [
          "What to do next:",
          `  1. POST ${here}/v1/integrations   a channel: GET ${here}/v1/plugins lists the types`,
          `  2. POST ${here}/v1/rules          which alerts go there`,
          `  3. point ThousandEyes' webhook at ${url(hostname())}/v1/sources/thousandeyes`,
          `${here}/docs describes every route; docs/guide has each of these as a command.`,
          "See it work first, in a clone of the repository: npx -y pnpm@12 demo"
        ].join("\n")
      )
    })
  )
