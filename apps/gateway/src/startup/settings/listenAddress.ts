/**
 * The address on which the gateway listens: `TOCSIN_HOST` and `TOCSIN_PORT`.
 */
import { parseAddress } from "@tocsin/egress"
import { Config, Effect, Option } from "effect"
import { NetAddress } from "effect/net"
import { numberSetting } from "./numberSetting.ts"

const defaultPort = 8080

/** The address, without the brackets that an IPv6 address has in URLs. */
export const host = Config.String("TOCSIN_HOST").pipe(
  Config.withDefault("127.0.0.1"),
  Config.map((host) => host.replace(/^\[(.*)\]$/, "$1"))
)

/** Whether only this machine can reach the address. */
export const isLoopback = (host: string): boolean =>
  host === "localhost" || Option.exists(parseAddress(host), NetAddress.isLoopback)

/**
 * Whether a value is one that Kubernetes sets: `TOCSIN_PORT` is a URL in every pod beside a Service named `tocsin`.
 * https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables
 */
export const isServiceLink = (text: string): boolean => /^(tcp|udp|sctp):\/\//.test(text)

const text = Config.option(Config.String("TOCSIN_PORT"))

/** The port, 0 for a free one. A Kubernetes service link is ignored. */
export const port = Config.flatMap(text, (text) =>
  Option.exists(text, isServiceLink)
    ? Config.succeed(defaultPort)
    : numberSetting("TOCSIN_PORT", { minimum: 0, maximum: 65_535, expected: "a port from 0 to 65535" }).pipe(
        Config.withDefault(defaultPort)
      )
)

/** Logs that a service link was ignored, if there was one. */
export const logServiceLink = Effect.flatMap(text, (text) =>
  Option.match(Option.filter(text, isServiceLink), {
    onNone: () => Effect.void,
    onSome: (link) =>
      Effect.logWarning(
        `TOCSIN_PORT (${link}) is a Kubernetes service link and is ignored. The gateway listens on port ${defaultPort}. To choose another port, set TOCSIN_PORT in the pod's specification.`
      )
  })
)
