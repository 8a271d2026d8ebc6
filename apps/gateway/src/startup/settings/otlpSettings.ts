import { Config, Option, Redacted, Schema } from "effect"

const Endpoint = Schema.String.check(
  Schema.makeFilter((url) => url === "" || (/^https?:\/\//i.test(url) && URL.canParse(url)), {
    expected: "the receiver's base URL, such as http://localhost:4318"
  })
)

const Protocol = Schema.Literals(["http/protobuf", "http/json"]).annotate({ expected: "http/protobuf or http/json" })

/**
 * Where traces and logs are sent, in OpenTelemetry's own variables; none if `OTEL_EXPORTER_OTLP_ENDPOINT` is unset or
 * empty.
 *
 * @see https://opentelemetry.io/docs/specs/otel/protocol/exporter/
 */
export const otlpSettings = Config.option(Config.schema(Endpoint, "OTEL_EXPORTER_OTLP_ENDPOINT")).pipe(
  Config.flatMap((endpoint) => {
    const base = Option.getOrElse(endpoint, () => "")
    return base === ""
      ? Config.succeed(Option.none())
      : Config.map(
          Config.all({
            protocol: Config.schema(Protocol, "OTEL_EXPORTER_OTLP_PROTOCOL").pipe(Config.withDefault("http/protobuf")),
            headers: Config.Record(Schema.String, Schema.StringFromUriComponent, "OTEL_EXPORTER_OTLP_HEADERS").pipe(
              Config.withDefault({}),
              Config.map((headers) => Redacted.make(headers))
            ),
            serviceName: Config.String("OTEL_SERVICE_NAME").pipe(Config.withDefault("tocsin"))
          }),
          (others) => Option.some({ url: (path: string) => `${base.replace(/\/$/, "")}${path}`, ...others })
        )
  })
)
