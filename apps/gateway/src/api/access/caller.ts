import { cut } from "@tocsin/core"
import { Option, Result } from "effect"
import { Base64 } from "effect/encoding"
import type { HttpServerRequest } from "effect/http"

/** The caller, for the history: the user of Basic authentication, and the address. */
export const callerOf = ({ headers, remoteAddress }: HttpServerRequest.HttpServerRequest): string => {
  const address = Option.getOrElse(remoteAddress, () => "an unknown address")
  const basic = /^basic (.+)$/i.exec(headers["authorization"] ?? "")?.[1]
  const [user = "", ...password] = Result.getOrElse(Base64.decodeString(basic ?? ""), () => "").split(":")
  // Tools with one field for a credential send it as user and password, and a user name may not contain a colon.
  return user === "" || password.join(":").includes(user) ? address : `${cut(user, 64)} at ${address}`
}
