import { Config, ConfigProvider, Effect, Option, Result, Schema } from "effect"
import { readFileSync } from "node:fs"

/**
 * A setting that holds a secret: the variable `name`, or the file that `<name>_FILE` names, without the line break
 * at its end. Fails if both are set, or if the file cannot be read; no message repeats the value.
 */
export const secretSetting = <A>(schema: Schema.ConstraintCodec<A, unknown>, name: string): Config.Config<A> => {
  const fileName = `${name}_FILE`
  const value = Config.schema(schema, name)
  const fromFile = Config.mapEffect(Config.String(fileName), (file) =>
    Effect.flatMap(contentOf(fileName, file), (text) =>
      Config.schema(schema, fileName).parse(ConfigProvider.make(() => Effect.succeed(ConfigProvider.makeValue(text))))
    )
  )
  return Config.all([Config.option(value), Config.option(Config.String(fileName))]).pipe(
    Config.flatMap(([given, file]) => {
      if (Option.isNone(file)) return value
      return Option.isNone(given) ? fromFile : Config.mapEffect(value, () => fail(bothSet(name, fileName)))
    })
  )
}

const bothSet = (name: string, fileName: string) => `${name} and ${fileName} are both set. Remove one of them.`

const contentOf = (name: string, file: string) =>
  Result.match(
    Result.try({
      try: () => readFileSync(file, "utf8").replace(/\r?\n$/, ""),
      catch: (error) => (error instanceof Error && "code" in error ? String(error.code) : "for an unknown reason")
    }),
    {
      onSuccess: Effect.succeed,
      onFailure: (code) => fail(`${name}: ${file} cannot be read (${code}).`)
    }
  )

const fail = (message: string) => Effect.fail(new Config.ConfigError(new ConfigProvider.SourceError({ message })))
