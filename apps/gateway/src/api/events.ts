import { sessionCookie } from "@tocsin/client"
import { Changes } from "@tocsin/delivery"
import { Effect, type Redacted, Stream } from "effect"
import { HttpServerResponse } from "effect/http"
import { HttpApiBuilder, HttpApiSecurity } from "effect/http-api"
import { GatewayApi } from "./GatewayApi.ts"
import * as NodeHttpServerRequest from "@effect/platform-node/NodeHttpServerRequest"
import { endless } from "../server/connectionLimit.ts"
import { problem } from "../server/problem.ts"
import { Access } from "./access/Auth.ts"
import { CurrentCaller } from "./access/Caller.ts"
import { eventStream } from "./eventStream.ts"

/** Each stream keeps a connection; a browser has one, however many pages it shows. */
const mostStreams = 256

const cookie = HttpApiBuilder.securityDecode(HttpApiSecurity.apiKey({ key: sessionCookie, in: "cookie" }))

/** `/v1/events` */
export const EventHandlers = HttpApiBuilder.group(
  GatewayApi,
  "events",
  Effect.fn(function* (handlers) {
    const access = yield* Access
    const changes = yield* Changes
    let streams = 0

    /** Whether the session with this secret has ended; false if the store is not available. */
    const isOver = (secret: Redacted.Redacted) =>
      access.liveSession(secret).pipe(
        Effect.map((session) => session === undefined),
        Effect.orElseSucceed(() => false)
      )

    /** Whether an API key has ended, likewise. */
    const isRevoked = (key: string) =>
      access.isLiveKey(key).pipe(
        Effect.map((isLive) => !isLive),
        Effect.orElseSucceed(() => false)
      )

    return handlers.handleRaw("stream", ({ headers, request }) =>
      Effect.gen(function* () {
        if (streams >= mostStreams) {
          return problem(503, "Too many live streams", `${mostStreams} are open already: close some pages`)
        }
        const caller = yield* CurrentCaller
        const body = eventStream({
          changes,
          last: headers["last-event-id"],
          isOver:
            caller?.by === "session"
              ? isOver(yield* cookie)
              : caller?.keyId === undefined
                ? Effect.succeed(false)
                : isRevoked(caller.keyId)
        }).pipe(
          Stream.encodeText,
          Stream.onStart(Effect.sync(() => void streams++)),
          Stream.ensuring(Effect.sync(() => void streams--))
        )
        endless.add(NodeHttpServerRequest.toServerResponse(request))
        return HttpServerResponse.stream(body, {
          contentType: "text/event-stream",
          // `X-Accel-Buffering` is nginx's: https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_buffering
          headers: { "cache-control": "no-store, no-transform", "x-accel-buffering": "no" }
        })
      })
    )
  })
)
