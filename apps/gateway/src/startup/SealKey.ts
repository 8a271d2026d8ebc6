/**
 * The key that seals the integrations' settings (case S1).
 */
import { Seal } from "@tocsin/delivery"
import { Effect, FileSystem, Layer, Option, Redacted, Result } from "effect"
import { SecureRandom } from "effect/crypto"
import { Base64 } from "effect/encoding"
import { firstLine } from "./firstLine.ts"
import { secretFileProblem } from "./settings/filePrivacy.ts"
import { Settings, StartRefused } from "./settings/Settings.ts"

/**
 * Seals with the key of `TOCSIN_KEY` or `TOCSIN_KEY_FILE`; without either, with a key that is created once beside the
 * SQLite file, readable by its owner only. Also opens settings that the key of `TOCSIN_KEY_PREVIOUS` sealed.
 */
export const layer: Layer.Layer<Seal, StartRefused, Settings | FileSystem.FileSystem> = Layer.unwrap(
  Effect.gen(function* () {
    const { key, keyFile, keyPrevious, store } = yield* Settings
    const fs = yield* FileSystem.FileSystem

    const read = (file: string) =>
      Effect.gen(function* () {
        const problem = secretFileProblem(file)
        if (problem !== undefined) return yield* new StartRefused({ message: problem })
        const text = yield* Effect.mapError(
          fs.readFileString(file),
          () => new StartRefused({ message: `The key file ${file} cannot be read.` })
        )
        return yield* decode(Redacted.make(text), file)
      })

    const previous = Option.getOrUndefined(
      yield* Effect.transposeOption(Option.map(keyPrevious, (key) => decode(key, "TOCSIN_KEY_PREVIOUS")))
    )
    const sealWith = (key: Redacted.Redacted<Uint8Array>) => Layer.orDie(Seal.layer(key, previous))

    if (Option.isSome(key)) return sealWith(yield* decode(key.value, "TOCSIN_KEY"))
    if (Option.isSome(keyFile)) return sealWith(yield* read(keyFile.value))
    if (store._tag === "Postgres") {
      return yield* new StartRefused({
        message:
          "Gateways on one PostgreSQL database need the same key: set TOCSIN_KEY or TOCSIN_KEY_FILE to it. This makes one: openssl rand -base64 32"
      })
    }
    const database = store.file
    const random = yield* SecureRandom.SecureRandom
    const made = yield* random.randomBytes(32)
    if (database === ":memory:") return sealWith(Redacted.make(made))

    const file = `${database}.key`
    const exists = yield* Effect.orElseSucceed(fs.exists(file), () => false)
    if (!exists && (yield* Effect.orElseSucceed(fs.exists(database), () => false))) {
      return yield* new StartRefused({
        message: `The key file ${file} is missing, and a new one would not open the settings in ${database}: put it back, or set TOCSIN_KEY or TOCSIN_KEY_FILE.`
      })
    }
    if (!exists) {
      yield* make(fs, file, Base64.encode(made)).pipe(
        Effect.mapError(
          ({ message }) =>
            new StartRefused({ message: `The key file ${file} cannot be written: ${firstLine(message)}` })
        )
      )
      yield* Effect.logInfo(
        `Created the key that seals settings: ${file}. Keep a copy: without it they cannot be read.`
      )
    }
    return sealWith(yield* read(file))
  })
).pipe(Layer.provide(SecureRandom.layerWebCrypto))

/**
 * Writes the key to a new file and renames it, so that a crash leaves no partial key. Removes any existing file instead
 * of opening it, because a symbolic link could lead the key elsewhere.
 */
const make = (fs: FileSystem.FileSystem, file: string, key: string) =>
  Effect.gen(function* () {
    const folder = file.includes("/") ? file.slice(0, file.lastIndexOf("/")) : "."
    yield* fs.makeDirectory(folder, { recursive: true })
    yield* fs.remove(`${file}.new`, { force: true })
    yield* Effect.onError(
      Effect.andThen(
        fs.writeFileString(`${file}.new`, `${key}\n`, { mode: 0o600, flag: "wx" }),
        fs.rename(`${file}.new`, file)
      ),
      () => Effect.ignore(fs.remove(`${file}.new`, { force: true }))
    )
  })

const decode = (text: Redacted.Redacted, from: string): Effect.Effect<Redacted.Redacted<Uint8Array>, StartRefused> =>
  Result.match(Base64.decode(Redacted.value(text).trim()), {
    onSuccess: (bytes) =>
      bytes.length === 32 ? Effect.succeed(Redacted.make(bytes)) : new StartRefused({ message: keySentence(from) }),
    onFailure: () => new StartRefused({ message: keySentence(from) })
  })

const keySentence = (from: string) => `${from} must hold 32 bytes in base64, such as openssl rand -base64 32 prints.`
