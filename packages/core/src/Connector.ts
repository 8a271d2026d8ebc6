/**
 * Connections for channel plugins that use another protocol than HTTP.
 */
import { Context, type Effect, type Scope } from "effect"
import type { Socket } from "effect/socket"
import type { DeliveryError } from "./DeliveryError.ts"

/** The address to connect to, and whether to use TLS. */
export interface Endpoint {
  /** A host name or an address. */
  readonly host: string
  readonly port: number
  /** Whether to use TLS from the first byte on. The certificate is verified against `host`. */
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
