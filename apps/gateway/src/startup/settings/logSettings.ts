import { Config, Schema } from "effect"

const Level = Schema.Literals(["error", "warn", "info", "debug"]).annotate({ expected: "error, warn, info or debug" })

const Format = Schema.Literals(["text", "json"]).annotate({ expected: "text or json" })

/** `TOCSIN_LOG` and `TOCSIN_LOG_LEVEL`: the format of lines, and the least severe level that is logged. */
export const logSettings = Config.all({
  format: Config.schema(Format, "TOCSIN_LOG").pipe(Config.withDefault("text" as const)),
  level: Config.schema(Level, "TOCSIN_LOG_LEVEL").pipe(Config.withDefault("info" as const))
})
