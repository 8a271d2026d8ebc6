/**
 * The guard of plugins' requests, configured by the settings.
 */
import { EgressGuard } from "@tocsin/egress"
import { Effect, Layer } from "effect"
import manifest from "../../package.json" with { type: "json" }
import { Settings } from "./settings/Settings.ts"

const { homepage, version } = manifest

/** Identifies the gateway to the operators of services. */
const userAgent = `Tocsin/${version} (+${homepage})`

const options = Effect.map(Settings, ({ egressAllow, proxies }) => ({ allow: egressAllow, proxies, userAgent }))

/** The guard, the client and the connector. Requires a resolver. */
export const layerNoDeps = Layer.unwrap(Effect.map(options, EgressGuard.layerNoDeps))

/** The guard, the client and the connector, with the system's hosts file and name servers. */
export const layer = Layer.unwrap(Effect.map(options, EgressGuard.layer))
