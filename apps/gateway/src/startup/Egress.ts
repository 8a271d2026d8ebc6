/**
 * The guard of what plugins may call, as the settings say.
 */
import { EgressGuard } from "@tocsin/egress"
import { Effect, Layer } from "effect"
import { Settings } from "./Settings.ts"

const options = Effect.map(Settings, ({ egressAllow, proxies }) => ({ allow: egressAllow, proxies }))

/** The guard, the client and the connector; the resolver is left open. */
export const layerNoDeps = Layer.unwrap(Effect.map(options, EgressGuard.layerNoDeps))

/** The guard, the client and the connector, with the system's hosts file and name servers. */
export const layer = Layer.unwrap(Effect.map(options, EgressGuard.layer))
