/**
 * The whole gateway: engine, plugins and HTTP server.
 */
import { BackupTaken, Engine, HistoryKept, Operators, PublicUrl } from "@tocsin/delivery"
import { builtIn, type Source } from "@tocsin/sources"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Context, Duration, Effect, Layer, Option, Predicate } from "effect"
import { HttpRouter, HttpServer } from "effect/http"
import * as Heartbeat from "./heartbeat.ts"
import { startupMessage } from "./startup/startupMessage.ts"
import * as Certificate from "./server/Certificate.ts"
import * as Egress from "./startup/Egress.ts"
import { Routes } from "./api/Routes.ts"
import * as Key from "./startup/SealKey.ts"
import * as Plugins from "./startup/Plugins.ts"
import { byType, SourceTypes } from "./startup/SourceTypes.ts"
import { makeServer, makeTlsServer } from "./server/nodeServer.ts"
import { Settings, StartRefused } from "./startup/settings/Settings.ts"
import * as Telemetry from "./startup/telemetry.ts"
import * as Store from "./startup/Store.ts"

/** The settings of the engine. */
const EngineSettings = Layer.effectContext(
  Effect.map(Settings, ({ backupTaken, operators, publicUrl, retentionDays }) =>
    Context.make(HistoryKept, Duration.days(retentionDays)).pipe(
      Context.add(BackupTaken, backupTaken),
      Context.add(Operators, Option.getOrUndefined(operators)),
      // The path counts as a folder, because links are made below it.
      Context.add(
        PublicUrl,
        Option.getOrUndefined(Option.map(publicUrl, (url) => new URL(`${url.href.replace(/\/$/, "")}/`)))
      )
    )
  )
)

const Server = Layer.unwrap(
  Effect.gen(function* () {
    const { host, keepAlive, port, tlsCert, tlsKey } = yield* Settings
    const options = { keepAlive: keepAlive * 1000 }
    const tls = Option.all({ cert: tlsCert, key: tlsKey })
    const listen = (server: ReturnType<typeof makeServer>) =>
      NodeHttpServer.layer(() => server, { host, port }).pipe(
        Layer.catch(({ cause }) =>
          refuse<Layer.Success<typeof NodeHttpServer.layerHttpServices> | HttpServer.HttpServer>(
            `Cannot listen on ${host.includes(":") ? `[${host}]` : host}:${port}, ${whyNot(cause)}: set TOCSIN_HOST or TOCSIN_PORT.`
          )
        )
      )
    if (Option.isNone(tls)) return listen(makeServer(options))
    const certificate = yield* Effect.mapError(
      Certificate.read(tls.value),
      ({ message }) => new StartRefused({ message })
    )
    const server = makeTlsServer(certificate, options)
    return Layer.merge(
      listen(server),
      Layer.effectDiscard(Effect.forkScoped(Certificate.follow(server, tls.value, certificate)))
    )
  })
)

const whyNot = (cause: unknown): string => {
  const code = Predicate.hasProperty(cause, "code") ? String(cause.code) : "for an unknown reason"
  return reasons.get(code) ?? code
}

const reasons = new Map([
  ["EADDRINUSE", "which another program uses"],
  ["EACCES", "which this user may not use"],
  ["EADDRNOTAVAIL", "which is no address of this machine"],
  ["ENOTFOUND", "which is no host that can be found"]
])

const refuse = <A>(message: string): Layer.Layer<A, StartRefused> =>
  Layer.effectContext(Effect.fail(new StartRefused({ message })))

/** Options of a gateway. */
export interface Options {
  /** The channel plugins, one for each type of integration. */
  readonly plugins: Plugins.Plugins
  /** Sources of other types than the built-in ones. */
  readonly sources?: ReadonlyArray<Source>
  /** The plugins' packages, for the start message; when absent, those of the built-in plugins. */
  readonly packages?: Plugins.Packages
}

/** Serves until it is interrupted. Requires the settings. */
export const layer = ({ packages = Plugins.builtInPackages, plugins, sources = [] }: Options) =>
  Layer.merge(startupMessage(packages, sources), Heartbeat.layer).pipe(
    Layer.provide(HttpRouter.serve(Routes, { disableLogger: true, disableListenLog: true })),
    Layer.provide(Server),
    // The routes read these settings, too.
    Layer.provide(Engine.layer.pipe(Layer.provideMerge(EngineSettings))),
    Layer.provideMerge(Plugins.layer(plugins)),
    Layer.provideMerge(Layer.provideMerge(Telemetry.clientLayer, Egress.layer)),
    Layer.provide(Layer.succeed(SourceTypes, byType([...builtIn, ...sources]))),
    // The key comes first, because it checks whether a database exists.
    Layer.provide(Layer.provideMerge(Layer.unwrap(Effect.map(Settings, ({ store }) => Store.layer(store))), Key.layer)),
    Layer.provide(Telemetry.layer),
    Layer.provide(NodeServices.layer)
  )
