import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem, Logger, type Scope } from "effect"
import { TestClock } from "effect/testing"
import { mkdtemp, rename, rm, symlink, writeFile } from "node:fs/promises"
import { once } from "node:events"
import { Agent, request } from "node:https"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { connect, type SecureContextOptions, type TLSSocket } from "node:tls"
import { generate } from "selfsigned"
import * as GatewayProcess from "../../demo/gatewayProcess.ts"
import * as Certificate from "../../src/server/Certificate.ts"
import { eventually, until } from "../harness/gate.ts"

describe("HTTPS", () => {
  it.live("serves new connections with the new certificate, keeps open ones, and ends both at a stop", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      const [first, second] = yield* Effect.all([selfSigned("first"), selfSigned("second")])
      // As Kubernetes mounts a secret: what is replaced is a symbolic link on the way.
      const use = (name: string, pair: Pair) =>
        Effect.promise(async () => {
          await writeFile(join(folder, `${name}.crt`), pair.cert)
          await writeFile(join(folder, `${name}.key`), pair.key)
          for (const kind of ["crt", "key"]) {
            await symlink(join(folder, `${name}.${kind}`), join(folder, "new"))
            await rename(join(folder, "new"), join(folder, `tls.${kind}`))
          }
        })
      yield* use("first", first)
      const gateway = yield* GatewayProcess.start({
        TOCSIN_DATABASE_URL: `sqlite:${join(folder, "tocsin.db")}`,
        TOCSIN_TLS_CERT: join(folder, "tls.crt"),
        TOCSIN_TLS_KEY: join(folder, "tls.key")
      })
      assert.match(gateway.url, /^https:/)
      yield* until("the next steps with the address", () =>
        /POST https:\/\/127\.0\.0\.1:\d+\/v1\/integrations/.test(gateway.printed())
      )

      const agent = new Agent({ keepAlive: true, maxSockets: 1, ca: first.cert })
      assert.strictEqual(yield* get(gateway.url, agent), "first")
      yield* use("second", second)
      yield* eventually("the new certificate", nameOf(gateway.url), (name) => name === "second")
      assert.strictEqual(yield* get(gateway.url, agent), "first")

      // Its body never comes: it is cut after five seconds.
      const slow = yield* greet(gateway.url)
      slow.write("POST /v1/alerts HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n")
      assert.strictEqual(yield* gateway.stop("SIGTERM"), 0)
    })
  )

  it.effect("warns once of unusable files, and keeps the last certificate", () =>
    Effect.gen(function* () {
      const [first, second] = yield* Effect.all([selfSigned("first"), selfSigned("second")])
      let files: { readonly [path: string]: string } = { crt: first.cert, key: first.key }
      const given: Array<SecureContextOptions> = []
      const said: Array<string> = []
      const logger = Logger.make(({ logLevel, message }) => void said.push(`${logLevel}: ${String(message)}`))
      yield* Effect.gen(function* () {
        const paths = { cert: "crt", key: "key" }
        const current = yield* Certificate.read(paths)
        yield* Effect.forkChild(
          Certificate.follow({ setSecureContext: (context) => void given.push(context) }, paths, current)
        )
        const then = (pair: Pair) => {
          files = { crt: pair.cert, key: pair.key }
          return Effect.repeat(TestClock.adjust("5 seconds"), { times: 3 })
        }
        yield* then(first)
        assert.deepStrictEqual([given, said], [[], []])
        yield* then({ cert: second.cert, key: first.key })
        yield* then({ cert: second.cert, key: "" })
        yield* then({ cert: "", key: second.key })
        yield* then({ cert: "not PEM", key: second.key })
        assert.lengthOf(said, 1)
        assert.include(said[0], "Warn: The certificate that was read before stays in use.")
        assert.lengthOf(given, 0)
        yield* then(second)
        assert.lengthOf(said, 2)
        assert.deepStrictEqual(
          given.map(({ cert, key, minVersion }) => ({ cert, key, minVersion })),
          [{ ...second, minVersion: "TLSv1.2" }]
        )
        assert.notInclude(said.join("\n"), "PRIVATE")
      }).pipe(
        Effect.provide([
          FileSystem.layerNoop({ readFileString: (path) => Effect.sync(() => files[path] ?? "") }),
          Logger.layer([logger])
        ])
      )
    })
  )
})

interface Pair {
  readonly cert: string
  readonly key: string
}

/** A certificate for 127.0.0.1 of this name. */
const selfSigned = (name: string): Effect.Effect<Pair> =>
  Effect.map(
    Effect.promise(() =>
      generate([{ name: "commonName", value: name }], {
        keyType: "ec",
        extensions: [{ name: "subjectAltName", altNames: [{ type: 7, ip: "127.0.0.1" }] }]
      })
    ),
    ({ cert, private: key }) => ({ cert, key })
  )

/** Asks for `/healthz` over an agent's connection; gives the name in the certificate of that. */
const get = (url: string, agent: Agent): Effect.Effect<string> =>
  Effect.promise(async () => {
    const asked = request(`${url}/healthz`, { agent })
    asked.end()
    const [response] = await once(asked, "response")
    response.resume()
    await once(response, "end")
    assert.strictEqual(response.statusCode, 200)
    return asked.socket === null ? "" : commonName(asked.socket as TLSSocket)
  })

/** A connection of its own, closed with the scope. */
const greet = (url: string): Effect.Effect<TLSSocket, Error, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.callback<TLSSocket, Error>((resume) => {
      const { hostname, port } = new URL(url)
      const socket = connect({ host: hostname, port: Number(port), rejectUnauthorized: false })
      socket.once("secureConnect", () => resume(Effect.succeed(socket)))
      socket.on("error", (error) => resume(Effect.fail(error)))
    }),
    (socket) => Effect.sync(() => socket.destroy())
  )

/** The name in the certificate that a new connection gets. */
const nameOf = (url: string) => Effect.scoped(Effect.map(greet(url), commonName))

const commonName = (socket: TLSSocket): string => String(socket.getPeerCertificate().subject.CN)

const temporaryFolder = Effect.acquireRelease(
  Effect.promise(() => mkdtemp(join(tmpdir(), "tocsin-test-"))),
  (folder) => Effect.promise(() => rm(folder, { recursive: true, force: true }))
)
