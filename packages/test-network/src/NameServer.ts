/**
 * A name server on loopback with answers set by a test.
 */
import { createServer, Packet } from "dns2"
import { Effect, type Scope } from "effect"

/** The addresses of a name, or how its DNS fails. A name without an answer does not exist. */
export type Answer = ReadonlyArray<string> | "silence" | "failure"

/** A name server. */
export interface NameServer {
  /** Where it listens. */
  readonly address: string
  /** Its answers, by name. A test may change them at any time. */
  readonly answers: Map<string, Answer>
  /** The names of all queries so far. */
  readonly asked: ReadonlyArray<string>
  /** Each answer waits for this. */
  before: () => Promise<void>
}

/** Serves until the scope closes. */
export const serve = (
  answers: { readonly [name: string]: Answer } = {}
): Effect.Effect<NameServer, never, Scope.Scope> =>
  Effect.gen(function* () {
    const asked: Array<string> = []
    const server = createServer({
      udp: true,
      handle: (request, send) => {
        const [question] = request.questions
        if (question === undefined) return
        asked.push(question.name)
        void nameServer.before().then(() => {
          const answer = nameServer.answers.get(question.name)
          if (answer === "silence") return
          const response = Packet.createResponseFromRequest(request)
          if (answer === undefined) response.header.rcode = Packet.RCODE.NXDOMAIN
          else if (answer === "failure") response.header.rcode = Packet.RCODE.SERVFAIL
          else
            for (const address of answer) {
              const type = address.includes(":") ? Packet.TYPE.AAAA : Packet.TYPE.A
              if (type !== question.type) continue
              response.answers.push(
                Object.assign(new Packet.Resource(question.name, type, Packet.CLASS.IN, 0), { address })
              )
            }
          return send(response)
        })
      }
    })
    const { udp } = yield* Effect.acquireRelease(
      Effect.promise(() => server.listen({ udp: { port: 0, address: "127.0.0.1" } })),
      () => Effect.promise(() => server.close())
    )
    const nameServer: NameServer = {
      address: `127.0.0.1:${udp?.port}`,
      answers: new Map(Object.entries(answers)),
      asked,
      before: () => Promise.resolve()
    }
    return nameServer
  })
