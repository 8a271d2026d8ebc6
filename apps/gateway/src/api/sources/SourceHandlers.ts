import { Conflict, NotFound, Unauthorized } from "@tocsin/client"
import { type ConfiguredSource, invalid, Overview, Sources, UnreadableBodies } from "@tocsin/delivery"
import { Prometheus, ThousandEyes } from "@tocsin/sources"
import * as NodeHttpServerRequest from "@effect/platform-node/NodeHttpServerRequest"
import { Clock, DateTime, Duration, Effect, Layer, Struct } from "effect"
import type { HttpServerRequest } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import { urlTokenOf } from "../../server/urlTokens.ts"
import { Settings } from "../../startup/settings/Settings.ts"
import { SourceTypes } from "../../startup/SourceTypes.ts"
import { Access, thisMachine, tooManyAttempts } from "../access/Auth.ts"
import { asCaller, checkMayGrant, checkMayPost, CurrentCaller, unchecked } from "../access/Caller.ts"
import { checkLoopback } from "../access/loopback.ts"
import { toInvalidRequest } from "../body/toInvalidRequest.ts"
import { created, editProblems, expected, expectedOfReplace, replaceProblems, tagged } from "../conditionalRequests.ts"
import { GatewayApi } from "../GatewayApi.ts"
import { logEdit } from "../logEdit.ts"
import { boundedList, boundedPage } from "../pagination.ts"
import { notFound } from "../problems.ts"
import { answerUnavailable, elsewhere, type Inlet, Inlets } from "./inlets.ts"
import { checkSignature, sendCredential } from "./signature.ts"
import { makeReceiver } from "./receiver.ts"
import { shownSource, sourceInput } from "./sourceInput.ts"
import { trySource } from "./trySource.ts"

/** `/v1/sources` */
const ConfiguredSourceHandlers = HttpApiBuilder.group(
  GatewayApi,
  "sources",
  Effect.fn(function* (handlers) {
    const overview = yield* Overview
    const unreadable = yield* UnreadableBodies
    const receiver = yield* makeReceiver
    const sources = yield* Sources
    const inlets = yield* Inlets
    const types = yield* SourceTypes
    const access = yield* Access
    const { token } = yield* Settings

    const show = (source: ConfiguredSource) =>
      shownSource(source, { address: inlets.addressOf(source.name, source.type), type: types.get(source.type) })

    const receiveOf = (inlet: Inlet, request: HttpServerRequest.HttpServerRequest) =>
      Effect.andThen(inlets.admit(inlet), Effect.tap(receiver.receive(inlet, request), inlets.heard(inlet)))

    /** Receives a request with a credential, or one whose body is signed. */
    const receive = Effect.fnUntraced(function* (name: string, request: HttpServerRequest.HttpServerRequest) {
      if ((yield* CurrentCaller) === unchecked) {
        const inlet = yield* Effect.catchTag(inlets.find(name), "NotFound", () => unauthorized)
        const { configured } = inlet
        if (configured?.secrets.hmac === undefined) return yield* unauthorized
        const signed = yield* receiver.receiveSigned(inlet, request, (bytes) =>
          Effect.andThen(checkSignature(configured, request, bytes, access), inlets.admit(inlet))
        )
        yield* inlets.heard(inlet)
        return signed
      }
      yield* checkMayPost(name)
      if (elsewhere.has(name)) return yield* new NotFound({ detail: `This source posts to ${elsewhere.get(name)}` })
      const inlet = yield* inlets.find(name)
      return yield* receiveOf(inlet, request)
    }, answerUnavailable)

    return handlers
      .handleRaw("post", ({ params: { name }, request }) => receive(name, request))
      .handleRaw("postAsPrometheus", ({ params: { name }, request }) =>
        Effect.gen(function* () {
          yield* checkMayPost(name)
          const inlet = yield* inlets.find(name)
          if (inlet.type.type !== Prometheus.type) return yield* notFound("source that is a Prometheus", "/v1/sources")
          return yield* receiveOf(inlet, request)
        }).pipe(answerUnavailable)
      )
      .handle("get", ({ params: { name } }) =>
        Effect.gen(function* () {
          const found = yield* sources.get(name)
          return found === undefined ? yield* noSuch() : tagged(show(found))
        })
      )
      .handle("replace", ({ headers, params: { name }, payload }) =>
        Effect.gen(function* () {
          const before = yield* sources.get(name)
          const input = yield* sourceInput(name, payload, { before, token, types })
          if (input.credentials.length > 0 || payload.hmac?.secret !== undefined) yield* checkMayGrant
          const now = yield* Clock.currentTimeMillis
          // As it will be: the audit log has it from the same transaction.
          const after = show({
            ...input,
            sequence: 0,
            credentials: [
              ...(before?.credentials ?? []).filter(
                (kind) => !input.changedCredentials.some((other) => other === kind)
              ),
              ...input.credentials.map(({ kind }) => kind)
            ],
            lastHeardAt: undefined,
            createdAt: now,
            updatedAt: now
          })
          const { isNew, ...saved } = yield* sources
            .save({ ...input, shown: auditedOf(after) }, expectedOfReplace(headers), (source) =>
              auditedOf(show(source))
            )
            .pipe(
              Effect.catchTags({
                NotFound: replaceProblems.NotFound,
                Changed: replaceProblems.Changed,
                IdInUse: Effect.die,
                CredentialInUse: ({ kind }) =>
                  Effect.fail(
                    toInvalidRequest(
                      invalid(
                        kind === "basic" ? "/basic/password" : `/${kind}`,
                        "a credential that no other source and no API key has"
                      )
                    )
                  )
              })
            )
          yield* logEdit(`Source ${name}`, isNew ? "created" : "replaced")
          yield* created(isNew)
          return tagged(show(saved))
        })
      )
      .handle("remove", ({ headers, params: { name } }) =>
        Effect.gen(function* () {
          yield* sources
            .remove(name, expected(headers), (source) => auditedOf(show(source)))
            .pipe(Effect.catchTags(editProblems(noSuch)))
          yield* logEdit(`Source ${name}`, "removed")
        })
      )
      .handleRaw("try", ({ params: { name }, request }) =>
        trySource(name, request).pipe(Effect.provideService(Inlets, inlets), answerUnavailable)
      )
      .handle("list", ({ query: { after } }) =>
        Effect.gen(function* () {
          const known = new Map((yield* overview.sources).map((source) => [source.name, source]))
          const configured = new Map((yield* sources.list).map((source) => [source.name, source]))
          const since = (yield* Clock.currentTimeMillis) - Duration.toMillis(Duration.days(1))
          // ThousandEyes is listed even before its first event.
          const names = new Set([ThousandEyes.type, ...configured.keys(), ...known.keys()])
          const items = [...names].toSorted().map((name) => {
            const { events24h = 0, lastEventAt, lastUnreadableAt = 0, unreadable24h = 0 } = known.get(name) ?? {}
            const type = configured.get(name)?.type
            return {
              name,
              type: type ?? (types.has(name) ? name : "json"),
              address: inlets.addressOf(name, type),
              isConfigured: type !== undefined,
              state:
                lastUnreadableAt > (lastEventAt ?? 0)
                  ? ("unreadable" as const)
                  : lastEventAt !== undefined && lastEventAt >= since
                    ? ("ok" as const)
                    : ("quiet" as const),
              ...(lastEventAt !== undefined && { lastEventAt: DateTime.makeUnsafe(lastEventAt) }),
              events24h,
              unreadable24h
            }
          })
          return boundedList(items, after)
        })
      )
      .handle("unreadable", ({ query }) =>
        Effect.gen(function* () {
          const { limit = 100 } = query
          const page = yield* unreadable.list({ limit, before: query.after })
          const items = page.items.map(({ from, receivedAt, ...item }) => ({
            ...item,
            ...(from !== undefined && { from }),
            receivedAt: DateTime.makeUnsafe(receivedAt)
          }))
          return boundedPage(page, items)
        })
      )
      .handle("replay", ({ params: { id } }) =>
        Effect.gen(function* () {
          const kept = yield* unreadable.get(id)
          if (kept === undefined) return yield* notFound("kept body", "/v1/sources/unreadable")
          if (!kept.isWhole) {
            return yield* new Conflict({
              detail: "Not all of it was kept, or not all was UTF-8: let its source send it again"
            })
          }
          const inlet = yield* inlets.find(kept.source).pipe(
            Effect.catchTags({
              NotFound: () => new Conflict({ detail: `There is no source ${kept.source} any more` }),
              InletUnavailable: ({ detail }) => new Conflict({ detail })
            })
          )
          const taken = yield* receiver.replay(inlet, kept.body)
          if (taken.unreadable === 0) yield* unreadable.remove(id)
          return taken
        })
      )
  })
)

/** `/v1/sources/{name}/in/{urlToken}`: the credential is in the URL. */
const SourceUrlHandlers = HttpApiBuilder.group(
  GatewayApi,
  "sourceUrls",
  Effect.fn(function* (handlers) {
    const access = yield* Access
    const inlets = yield* Inlets
    const { receive } = yield* makeReceiver

    return handlers.handleRaw("post", ({ params: { name }, request }) =>
      Effect.gen(function* () {
        const given = urlTokenOf(NodeHttpServerRequest.toIncomingMessage(request))
        if (!access.tokenRequired) yield* checkLoopback(request)
        // Without a token, this machine may post to every source.
        const verdict = access.tokenRequired
          ? yield* access.ofUrlToken(given)
          : { _tag: "Allowed" as const, caller: thisMachine }
        if (verdict._tag === "Wait") return yield* tooManyAttempts(verdict.seconds)
        if (verdict._tag === "Refused") return yield* wrongUrl
        return yield* Effect.gen(function* () {
          yield* Effect.catchTag(checkMayPost(name), "Forbidden", () => wrongUrl)
          const inlet = yield* inlets.find(name)
          yield* inlets.admit(inlet)
          return yield* Effect.tap(receive(inlet, request), inlets.heard(inlet))
        }).pipe(asCaller(verdict.caller, request))
      }).pipe(answerUnavailable)
    )
  })
)

/** The sources, and where they post. */
export const SourceHandlers = Layer.merge(ConfiguredSourceHandlers, SourceUrlHandlers)

const unauthorized = Effect.suspend(() => new Unauthorized({ detail: sendCredential }))

const wrongUrl = Effect.suspend(() => new Unauthorized({ detail: "The token in the URL is wrong" }))

/** A source as the audit log has it. */
const auditedOf = (source: ReturnType<typeof shownSource>) => Struct.omit(source, ["createdAt", "updatedAt"])

const noSuch = () => notFound("configured source", "/v1/sources")
