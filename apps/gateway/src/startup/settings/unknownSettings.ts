/**
 * Notices settings that nothing reads, such as a misspelt one.
 */
import { type Config, ConfigProvider, Effect } from "effect"
import { isServiceLink } from "./listenAddress.ts"

/** What is set beside the gateway's settings: by Kubernetes for its Services, and for `tocsin migrate-store`. */
const ofOthers = /_SERVICE_(HOST|PORT)|_PORT_\d+_|^TOCSIN_MIGRATE_FROM/

/** Reads the settings, and logs a warning for each variable named `TOCSIN_...` that they did not look up. */
export const withUnknownWarned = Effect.fnUntraced(function* <A>(settings: Config.Config<A>) {
  const provider = yield* ConfigProvider.ConfigProvider
  const known = new Set<string>()
  const value = yield* settings.parse(
    ConfigProvider.make((path) => {
      known.add(path.join("_"))
      return provider.load(path)
    })
  )
  for (const [name, text] of yield* Effect.orDie(valuesUnder(provider, ["TOCSIN"]))) {
    if (known.has(name) || ofOthers.test(name) || isServiceLink(text)) continue
    yield* Effect.logWarning(
      `${name} is set, but it is not a setting of the gateway, and is ignored. Check its spelling: docs/reference/configuration.md lists the settings.`
    )
  }
  return value
})

/** The variables that begin with these words: their names and values. */
const valuesUnder = (
  provider: ConfigProvider.ConfigProvider,
  words: ReadonlyArray<string>
): Effect.Effect<ReadonlyArray<readonly [name: string, text: string]>, ConfigProvider.SourceError> =>
  Effect.flatMap(provider.load(words), (node) => {
    if (node === undefined) return Effect.succeed([])
    const own = node.value === undefined ? [] : [[words.join("_"), node.value] as const]
    const next = node._tag === "Record" ? [...node.keys] : []
    return Effect.map(
      Effect.forEach(next, (word) => valuesUnder(provider, [...words, word])),
      (others) => [...own, ...others.flat()]
    )
  })
