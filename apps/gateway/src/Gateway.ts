/**
 * The whole gateway: engine, plugins and HTTP server.
 */
import { Engine, Sqlite } from "@tocsin/delivery"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Console, Effect, Layer } from "effect"
import { HttpRouter, HttpServer } from "effect/http"
import { SqlClient } from "effect/sql"
import * as Egress from "./Egress.ts"
import { Routes } from "./Http.ts"
import * as Key from "./Key.ts"
import * as Plugins from "./Plugins.ts"
import { makeServer } from "./server.ts"
import { Settings, StartRefused } from "./Settings.ts"

const Store = Layer.unwrap(
  Effect.map(Settings, ({ databaseUrl }) => {
    const file = databaseUrl.slice("sqlite:".length)
    return Sqlite.layer(file).pipe(
      Layer.catch(({ reason }) =>
        refuse<SqlClient.SqlClient>(
          reason._tag === "LockTimeoutError"
            ? `Another gateway has ${file} open: stop it, or set TOCSIN_DATABASE_URL.`
            : `The database ${file} cannot be opened (${reason._tag}).`
        )
      )
    )
  })
)

const Server = Layer.unwrap(
  Effect.map(Settings, ({ host, port }) =>
    NodeHttpServer.layer(makeServer, { host, port }).pipe(
      Layer.catch(() =>
        refuse<Layer.Success<typeof NodeHttpServer.layerHttpServices> | HttpServer.HttpServer>(
          `Cannot listen on ${host}:${port}: set TOCSIN_HOST or TOCSIN_PORT.`
        )
      )
    )
  )
)

const Announcement = Layer.effectDiscard(
  Effect.gen(function* () {
    const { databaseUrl, token } = yield* Settings
    const address = HttpServer.formatAddress((yield* HttpServer.HttpServer).address)
    yield* Console.log(
      [
        `Tocsin listens on ${address}, with its data in ${databaseUrl.slice("sqlite:".length)}.`,
        token._tag === "None"
          ? "Only this machine is served, because TOCSIN_TOKEN is not set."
          : "Callers need the token.",
        "",
        "What to do next:",
        `  1. POST ${address}/v1/integrations   a Slack channel or a HipChat room`,
        `  2. POST ${address}/v1/rules          which alerts go there`,
        `  3. point ThousandEyes' webhook at ${address}/v1/sources/thousandeyes`,
        `${address}/docs describes every route; README.md has each of these as a command.`,
        "See it work first: npx -y pnpm@12 demo"
      ].join("\n")
    )
  })
)

const refuse = <A>(message: string): Layer.Layer<A, StartRefused> =>
  Layer.effectContext(Effect.fail(new StartRefused({ message })))

/** Serves until it is interrupted. Requires the settings. */
export const layer = Announcement.pipe(
  Layer.provide(HttpRouter.serve(Routes, { disableLogger: true, disableListenLog: true })),
  Layer.provide(Server),
  Layer.provide(Engine.layer),
  Layer.provideMerge(Plugins.layer),
  Layer.provideMerge(Egress.layer),
  // The key first: it looks whether there is a database already.
  Layer.provide(Layer.provideMerge(Store, Key.layer)),
  Layer.provide(NodeServices.layer)
)
