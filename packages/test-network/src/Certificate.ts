/**
 * A certificate that no public authority has signed, as a company's own service has.
 */
import { Effect, type Scope } from "effect"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { generate } from "selfsigned"

/** Makes a certificate for the host names, and a file with it for `NODE_EXTRA_CA_CERTS`. */
export const make = (
  names: ReadonlyArray<string>,
  keyType: "ec" | "rsa" = "ec"
): Effect.Effect<{ readonly key: string; readonly cert: string; readonly file: string }, never, Scope.Scope> =>
  Effect.gen(function* () {
    const { cert, private: key } = yield* Effect.promise(() =>
      generate([{ name: "commonName", value: "Tocsin test" }], {
        keyType,
        algorithm: "sha256",
        extensions: [
          { name: "basicConstraints", cA: true },
          { name: "subjectAltName", altNames: names.map((value) => ({ type: 2, value })) }
        ]
      })
    )
    const folder = yield* Effect.acquireRelease(
      Effect.promise(() => mkdtemp(join(tmpdir(), "tocsin-test-"))),
      (folder) => Effect.promise(() => rm(folder, { recursive: true, force: true }))
    )
    const file = join(folder, "ca.pem")
    yield* Effect.promise(() => writeFile(file, cert))
    return { key, cert, file }
  })
