import { cut } from "@tocsin/core"
import { Option, Result } from "effect"
import { Base64 } from "effect/encoding"
import type { HttpServerRequest } from "effect/http"

/** Who asks, for the history: the user of Basic authentication, and the address. */
export const callerOf = ({ headers, remoteAddress }: HttpServerRequest.HttpServerRequest): string => {
  const address = Option.getOrElse(remoteAddress, () => "an unknown address")
  const basic = /^basic (.+)$/i.exec(headers["authorization"] ?? "")?.[1]
  const [user = ""] = Result.getOrElse(Base64.decodeString(basic ?? ""), () => "").split(":")
  return user === "" ? address : `${cut(user, 64)} at ${address}`
}
