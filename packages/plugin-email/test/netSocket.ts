import * as NodeSocket from "@effect/platform-node/NodeSocket"
import type { Endpoint } from "@tocsin/core"

/** Connects without TLS. */
export const fromSocket = ({ host, port }: Endpoint) => NodeSocket.makeNet({ host, port })
