/**
 * The way out for channel plugins that speak something else than HTTP.
 */
import { Context, type Effect, type Scope } from "effect"
import type { Socket } from "effect/socket"
import type { DeliveryError } from "./DeliveryError.ts"

/** Where to connect to, and how. */
export interface Endpoint {
  /** A host name or an address. */
  readonly host: string
  readonly port: number
  /** Whether TLS is spoken from the first byte on; the certificate is checked against `host`. */
  readonly tls: boolean
}

/**
 * Opens connections for plugins, where the operator allows them: by TLS and to public addresses, unless
 * `TOCSIN_EGRESS_ALLOW` names the host. Gateways provide it; a plugin that dials itself would bypass that.
 */
export class Connector extends Context.Service<
  Connector,
  {
    /**
     * Connects, and gives the connection, which ends with the scope and can be read once. Fails with `Misconfigured`
     * where it may not connect, and with `Unavailable` where it cannot within five seconds; nothing was sent then.
     */
    readonly connect: (endpoint: Endpoint) => Effect.Effect<Socket.Socket, DeliveryError, Scope.Scope>
  }
>()("@tocsin/core/Connector") {}
