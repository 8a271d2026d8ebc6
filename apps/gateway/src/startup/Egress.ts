/**
 * The guard of what plugins may call, as the settings say.
 */
import { EgressGuard } from "@tocsin/egress"
import { Effect, Layer } from "effect"
import manifest from "../../package.json" with { type: "json" }
import { Settings } from "./Settings.ts"

const { homepage, version } = manifest

/** An operator of a service finds out by it who calls. */
const userAgent = `Tocsin/${version} (+${homepage})`

const options = Effect.map(Settings, ({ egressAllow, proxies }) => ({ allow: egressAllow, proxies, userAgent }))

/** The guard, the client and the connector; the resolver is left open. */
export const layerNoDeps = Layer.unwrap(Effect.map(options, EgressGuard.layerNoDeps))

/** The guard, the client and the connector, with the system's hosts file and name servers. */
export const layer = Layer.unwrap(Effect.map(options, EgressGuard.layer))
