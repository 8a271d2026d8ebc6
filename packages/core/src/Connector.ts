/**
 * Connections for channel plugins that use a protocol other than HTTP.
 */
import { Context, type Effect, type Scope } from "effect"
import type { Socket } from "effect/socket"
import type { DeliveryError } from "./DeliveryError.ts"

/** The address to connect to, and whether to use TLS. */
export interface Endpoint {
  /** A host name or an address. */
  readonly host: string
  readonly port: number
  /**
   * Whether to use TLS from the first byte on; the certificate is verified against `host`. With `"starttls"` the
   * connection begins without TLS, and the plugin must start TLS, and verify the certificate, before it sends a
   * credential or a message: it is allowed wherever a connection by TLS is.
   */
  readonly tls: boolean | "starttls"
}

/**
 * Opens the connections that the operator allows: by TLS and to public addresses, unless `TOCSIN_EGRESS_ALLOW` names
 * the host. Gateways provide it; a plugin that opens connections itself would bypass the check.
 */
export class Connector extends Context.Service<
  Connector,
  {
    /**
     * Connects, and returns the connection, which ends with the scope and can be read once. Fails with `Misconfigured`
     * if the destination is not allowed, and with `Unavailable` if it does not connect within five seconds; nothing was
     * sent then.
     */
    readonly connect: (endpoint: Endpoint) => Effect.Effect<Socket.Socket, DeliveryError, Scope.Scope>
  }
>()("@tocsin/core/Connector") {}
