/**
 * The gateway's settings, from the environment.
 */
import { IntegrationId, Link } from "@tocsin/core"
import { fromIssue } from "@tocsin/delivery"
import { ThousandEyes } from "@tocsin/sources"
import { Config, Context, DateTime, Effect, Layer, Option, Redacted, Schema } from "effect"
import { parseHosts } from "@tocsin/egress"
import { warnOfOpenFiles } from "./filePrivacy.ts"
import * as Listen from "./listenAddress.ts"
import { logSettings } from "./logSettings.ts"
import { otlpSettings } from "./otlpSettings.ts"
import { numberSetting } from "./numberSetting.ts"
import { secretSetting } from "./secretSetting.ts"
import { readStoreUrl, StoreUrlText } from "./storeUrl.ts"
import { withUnknownWarned } from "./unknownSettings.ts"

/** The gateway cannot start with its settings; the message is for the operator. */
export class StartRefused extends Schema.TaggedError<StartRefused>()("StartRefused", {
  message: Schema.String
}) {}

const TimeZone = Schema.String.check(
  Schema.makeFilter((zone) => Option.isSome(DateTime.zoneFromString(zone)), {
    expected: "a time zone such as Europe/Berlin or UTC"
  })
)

const onlyNetworks = ({ names, unread }: ReturnType<typeof parseHosts>) => names.size + unread.length === 0

const Networks = Schema.String.check(
  Schema.makeFilter((text) => onlyNetworks(parseHosts(text)), {
    expected: "addresses or CIDRs with commas between, such as 10.0.0.0/8"
  })
)

const HostList = Schema.String.check(
  Schema.makeFilter((text) => parseHosts(text).unread.length === 0, {
    expected: "host names, addresses and CIDRs such as 10.0.0.0/8, with commas between them and no ports"
  })
)

const ProxyUrl = Schema.Redacted(Schema.String).check(
  Schema.makeFilter((url) => /^https?:\/\//i.test(Redacted.value(url)) && URL.canParse(Redacted.value(url)), {
    expected: "the proxy's URL, such as http://proxy.example.com:3128"
  })
)

const HeartbeatUrl = Schema.Redacted(Schema.String).check(
  Schema.makeFilter((url) => /^https?:\/\//i.test(Redacted.value(url)) && URL.canParse(Redacted.value(url)), {
    expected: "an http or https URL such as https://hc-ping.com/<uuid>"
  })
)

/** A token that is too long to guess, and that an `Authorization` header can carry unchanged. */
const Token = Schema.Redacted(Schema.String).check(
  Schema.makeFilter((token) => Redacted.value(token).length >= 16, {
    expected: 'at least 16 characters. Make one with: TOCSIN_TOKEN="$(openssl rand -hex 32)"'
  }),
  Schema.makeFilter((token) => /^[!-~](?:[ -~]*[!-~])?$/.test(Redacted.value(token)), {
    expected: "ASCII, and no space or line break at either end"
  })
)

/** A setting that other programs also use; its lowercase name takes precedence. */
const shared = <A>(setting: (name: string) => Config.Config<A>, name: string) =>
  Config.map(
    Config.all([Config.option(setting(name.toLowerCase())), Config.option(setting(name))]),
    ([small, capital]) => Option.orElse(small, () => capital)
  )

const proxyUrl = (name: string) => Config.schema(ProxyUrl, name)

const HeaderName = Schema.String.check(
  Schema.isPattern(/^[A-Za-z][A-Za-z0-9-]{0,63}$/, {
    expected: "the name of a header, such as X-Forwarded-Email"
  })
)

const PackageNames = Schema.String.check(
  Schema.isPattern(/^([ ,]*(@[a-z0-9-~][a-z0-9-._~]*\/)?[a-z0-9-~][a-z0-9-._~]*[ ,]*(,|$))*$/, {
    expected: "names of packages with commas between, such as @acme/tocsin-plugin-pager"
  })
)

const BaseUrl = Link.check(
  Schema.makeFilter(({ hash, password, search, username }) => [hash, password, search, username].join("") === "", {
    expected: "an http or https URL such as https://tocsin.example.com"
  })
)

const settings = Config.all({
  /** The address to listen on. */
  host: Listen.host,
  /** The port to listen on; 0 takes a free one. */
  port: Listen.port,
  /** The URL of the store: `sqlite:<file>` or `postgres://...`. */
  store: secretSetting(StoreUrlText, "TOCSIN_DATABASE_URL").pipe(
    Config.withDefault("sqlite:data/tocsin.db"),
    Config.map(readStoreUrl)
  ),
  /** The gateway's public URL: the base of links to the pages of digests. */
  publicUrl: Config.option(Config.schema(BaseUrl, "TOCSIN_PUBLIC_URL")),
  /** The integration that receives notices to operators. */
  operators: Config.option(Config.schema(IntegrationId, "TOCSIN_OPERATORS")),
  /** How long history is kept, in days. */
  retentionDays: numberSetting("TOCSIN_RETENTION_DAYS", {
    minimum: 1,
    maximum: 36_500,
    expected: "a number of days from 1 to 36500"
  }).pipe(Config.withDefault(30)),
  /** Whether there is a backup, which an upgrade that rewrites the tables asks for. */
  backupTaken: Config.schema(Schema.Literals(["yes", "no"]), "TOCSIN_BACKUP_TAKEN").pipe(
    Config.withDefault("no"),
    Config.map((set) => set === "yes")
  ),
  /** Whether the web console is served. */
  hasConsole: Config.schema(Schema.Literals(["on", "off"]), "TOCSIN_CONSOLE").pipe(
    Config.withDefault("on"),
    Config.map((set) => set === "on")
  ),
  /** The API token; without it only this machine is served. */
  token: Config.option(secretSetting(Token, "TOCSIN_TOKEN")),
  /** The proxies whose statement of the caller's address is trusted. */
  trustedProxies: Config.schema(Networks, "TOCSIN_TRUSTED_PROXIES").pipe(
    Config.withDefault(""),
    Config.map((text) => parseHosts(text).networks)
  ),
  /** The header in which a trusted proxy states the user that it signed in. */
  authHeader: Config.option(Config.schema(HeaderName, "TOCSIN_AUTH_HEADER")),
  /** The scope of such users. */
  authScope: Config.schema(Schema.Literals(["read", "write", "admin"]), "TOCSIN_AUTH_SCOPE").pipe(
    Config.withDefault("read" as const)
  ),
  /** The addresses that may read `/metrics` without the token. */
  metricsAllow: Config.schema(Networks, "TOCSIN_METRICS_ALLOW").pipe(
    Config.withDefault(""),
    Config.map((text) => parseHosts(text).networks)
  ),
  /** The URL that is called every minute while alerts can be accepted and delivered. */
  heartbeatUrl: Config.option(secretSetting(HeartbeatUrl, "TOCSIN_HEARTBEAT_URL")),
  /** Where traces and logs are sent. */
  otlp: otlpSettings,
  /** How long a connection stays open without a request, in seconds. */
  keepAlive: Config.all([
    Config.option(
      numberSetting("TOCSIN_KEEP_ALIVE", { minimum: 1, maximum: 3600, expected: "a number of seconds from 1 to 3600" })
    ),
    Config.option(Config.String("TOCSIN_TRUSTED_PROXIES"))
  ]).pipe(Config.map(([seconds, proxies]) => Option.getOrElse(seconds, () => keepAlive(Option.isSome(proxies))))),
  /** A file with the certificate, and its chain, for HTTPS. */
  tlsCert: Config.option(Config.String("TOCSIN_TLS_CERT")),
  /** A file with the certificate's private key. */
  tlsKey: Config.option(Config.String("TOCSIN_TLS_KEY")),
  /** The key that seals the integrations' settings: 32 bytes in base64. */
  key: Config.option(Config.Redacted("TOCSIN_KEY")),
  /** The file with the key. */
  keyFile: Config.option(Config.String("TOCSIN_KEY_FILE")),
  /** The previous key, for a change of keys: a start reseals its settings with the new key. */
  keyPrevious: Config.option(Config.Redacted("TOCSIN_KEY_PREVIOUS")),
  /** Host names, addresses and CIDRs that may be called although they are not public, or by plain http. */
  egressAllow: Config.schema(HostList, "TOCSIN_EGRESS_ALLOW").pipe(Config.withDefault("")),
  /** Packages with more channel plugins. */
  plugins: Config.schema(PackageNames, "TOCSIN_PLUGINS").pipe(
    Config.withDefault(""),
    Config.map((text) => text.split(",").flatMap((name) => (name.trim() === "" ? [] : [name.trim()])))
  ),
  /** A folder that holds such packages: installed by npm, or unpacked. */
  pluginsDir: Config.option(Config.String("TOCSIN_PLUGINS_DIR")),
  /** The proxies for plugins' requests, and the destinations that bypass them. */
  proxies: Config.all({
    httpProxy: shared(proxyUrl, "HTTP_PROXY"),
    httpsProxy: shared(proxyUrl, "HTTPS_PROXY"),
    noProxy: Config.map(
      shared((name) => Config.String(name), "NO_PROXY"),
      Option.getOrElse(() => "")
    )
  }),
  /** The format and the level of the log. */
  log: logSettings,
  /** The template for links into ThousandEyes' Views. */
  thousandEyesViewsUrl: Config.schema(ThousandEyes.ViewsUrl, "TOCSIN_THOUSANDEYES_VIEWS_URL").pipe(
    Config.withDefault(ThousandEyes.defaultViewsUrl)
  ),
  /** The zone of ThousandEyes' times that state none. */
  thousandEyesTimeZone: Config.schema(TimeZone, "TOCSIN_THOUSANDEYES_TIMEZONE").pipe(Config.withDefault("UTC"))
})

/**
 * In seconds: longer than proxies keep their connections, so that the proxy closes them first and never sends into a
 * closed one. AWS and nginx keep them for 60 seconds, Google Cloud's load balancers for 600:
 * https://cloud.google.com/load-balancing/docs/https#timeout-keepalive-backends
 */
const keepAlive = (behindProxy: boolean) => (behindProxy ? 620 : 75)

/** The operator's settings. */
export class Settings extends Context.Service<Settings, Config.Success<typeof settings>>()("@tocsin/gateway/Settings") {
  /**
   * Reads the environment, and warns of variables named `TOCSIN_...` that are not settings. Refuses to serve other
   * machines without a token.
   */
  static readonly layer: Layer.Layer<Settings, StartRefused> = Layer.effect(
    Settings,
    Effect.gen(function* () {
      const set = yield* Effect.mapError(withUnknownWarned(settings), toStartRefused)
      if (Option.isNone(set.token) && !Listen.isLoopback(set.host)) {
        return yield* new StartRefused({
          message: `Without TOCSIN_TOKEN the gateway serves this machine only: set TOCSIN_TOKEN to a secret of your own, or leave TOCSIN_HOST (now ${set.host}) at 127.0.0.1.`
        })
      }
      if (Option.isNone(set.token) && set.trustedProxies.length > 0) {
        return yield* new StartRefused({
          message:
            "Behind a proxy the gateway needs a token: set TOCSIN_TOKEN to a secret of your own, or leave TOCSIN_TRUSTED_PROXIES out."
        })
      }
      if (Option.isSome(set.authHeader) && set.trustedProxies.length === 0) {
        return yield* new StartRefused({
          message:
            "TOCSIN_AUTH_HEADER is believed from trusted proxies only: set TOCSIN_TRUSTED_PROXIES to the address of the proxy, or leave TOCSIN_AUTH_HEADER out."
        })
      }
      if (Option.isSome(set.tlsCert) !== Option.isSome(set.tlsKey)) {
        return yield* new StartRefused({
          message:
            "TOCSIN_TLS_CERT and TOCSIN_TLS_KEY belong together: set both for HTTPS, or neither, and let a proxy terminate TLS."
        })
      }
      yield* Effect.mapError(Listen.logServiceLink, toStartRefused)
      yield* warnOfOpenFiles([
        "TOCSIN_TOKEN_FILE",
        "TOCSIN_DATABASE_URL_FILE",
        "TOCSIN_HEARTBEAT_URL_FILE",
        "TOCSIN_TLS_KEY"
      ])
      return set
    })
  )
}

/** One sentence that names the setting, without its value. */
const toStartRefused = ({ cause }: Config.ConfigError): StartRefused => {
  if (cause._tag !== "SchemaError") return new StartRefused({ message: cause.message })
  const { errors } = fromIssue(cause.issue)
  return new StartRefused({ message: errors.map(({ message, path }) => `${path.slice(1)}: ${message}.`).join(" ") })
}
