/**
 * The connector for plugins without HTTP. It applies the same checks as the dispatcher, and never uses a proxy.
 */
import * as NodeSocket from "@effect/platform-node/NodeSocket"
import { Connector, DeliveryError, type Endpoint, Misconfigured, Unavailable } from "@tocsin/core"
import { Effect } from "effect"
import * as NodeNet from "node:net"
import * as NodeTls from "node:tls"
import { failureText } from "./failureText.ts"
import { refusal } from "./policy.ts"
import { attemptTimeout, connectTimeout, guardedLookup, Refused } from "./guardedLookup.ts"
import type { Hosts } from "./hosts.ts"
import type { Resolver } from "./Resolver.ts"

/** Makes the connector of all plugins. */
export const make = (allowed: Hosts, { resolve }: Resolver["Service"]): Effect.Effect<Connector["Service"]> =>
  Effect.gen(function* () {
    const lookup = guardedLookup(allowed, resolve, yield* Effect.context<never>())

    const open = ({ host, port, tls }: Endpoint): Effect.Effect<NodeNet.Socket, Error> =>
      Effect.callback((resume) => {
        const options = {
          host: host.replace(/^\[(.*)\]$/, "$1"),
          port,
          lookup: lookup(protocolOf(tls)),
          autoSelectFamilyAttemptTimeout: attemptTimeout
        }
        const socket = tls === true ? NodeTls.connect(options) : NodeNet.connect(options)
        socket.once(tls === true ? "secureConnect" : "connect", () => resume(Effect.succeed(socket)))
        // The listener stays, because an error between two reads would end the gateway.
        socket.on("error", (error) => resume(Effect.fail(error)))
        return Effect.sync(() => void socket.destroy())
      })

    return Connector.of({
      connect: Effect.fnUntraced(function* (endpoint) {
        // Node does not call `lookup` for an address.
        const why = refusal(allowed, { hostname: endpoint.host, protocol: protocolOf(endpoint.tls) }, "direct")
        if (why !== undefined) return yield* new DeliveryError({ reason: new Misconfigured({ detail: why }) })
        const socket = yield* Effect.acquireRelease(
          open(endpoint).pipe(
            Effect.timeoutOrElse({
              duration: connectTimeout,
              orElse: () => Effect.fail(new Error("No connection within five seconds"))
            }),
            Effect.mapError(notConnected)
          ),
          (socket) => Effect.sync(() => void socket.destroy()),
          { interruptible: true }
        )
        return yield* NodeSocket.fromDuplex(Effect.succeed(socket))
      })
    })
  })

const protocolOf = (tls: Endpoint["tls"]): string => (tls === "starttls" ? "starttls:" : tls ? "tls:" : "tcp:")

const notConnected = (error: Error): DeliveryError =>
  new DeliveryError({
    reason:
      error instanceof Refused
        ? new Misconfigured({ detail: error.message })
        : new Unavailable({ detail: failureText(error) })
  })
