/**
 * The plugin for Apprise, which notifies through more than a hundred services.
 */
import {
  BaseUrl,
  ChannelPlugin,
  cut,
  HttpChannel,
  HttpClientRequest,
  Message,
  Misconfigured,
  oneLine,
  Unavailable
} from "@tocsin/core"
import { Option, Redacted, Schema } from "effect"
import { maxText, payload } from "./payload.ts"
import { see } from "./see.ts"

const url = BaseUrl.annotateKey({ title: "URL", description: "The Apprise API server, such as http://apprise:8000" })

const tag = Schema.optionalKey(
  Schema.String.check(Schema.isPattern(/^[\w][\w ,-]*$/u, { expected: "tags, such as devops or devops, admin" }))
)

const Key = Schema.Struct({
  use: Schema.Literal("key").annotateKey({
    title: "Use",
    description: "notifies the services that the server keeps under a key"
  }),
  url,
  key: Schema.Redacted(
    Schema.String.check(Schema.isPattern(/^[\w-]{1,128}$/u, { expected: "1 to 128 letters, digits, - and _" }))
  ).annotateKey({ title: "Key", description: "The key of the configuration; whoever has it can notify" }),
  tag: tag.annotateKey({ title: "Tag", description: "Notifies only the services with this tag; all when absent" })
}).annotate({ title: "Key", description: "Notifies the services that the server keeps under a key." })

const Urls = Schema.Struct({
  use: Schema.Literal("urls").annotateKey({
    title: "Use",
    description: "sends the services' URLs with each message; the server keeps nothing"
  }),
  url,
  urls: Schema.Redacted(
    Schema.String.check(Schema.isPattern(/\w:\/\//u, { expected: "Apprise URLs, separated by commas or spaces" }))
  ).annotateKey({
    title: "URLs",
    description: "The services, as Apprise URLs, such as mailto://...; several are separated by commas"
  }),
  tag: tag.annotateKey({ title: "Tag", description: "Notifies only the services with this tag; all when absent" })
}).annotate({ title: "URLs", description: "Sends the services' URLs with each message." })

/** Notifies through a server of the Apprise API. */
export class Apprise extends ChannelPlugin.Service<Apprise>()("apprise", {
  title: "Apprise",
  settings: Schema.Union([Key, Urls]),
  settingsVersion: 1,
  example: { use: "key", url: "https://apprise.example.com", key: "XXXXXXXXXXXXXXXX" },
  setup: [
    "Run the server: docker run -p 8000:8000 caronc/apprise",
    "Open it in a browser, choose a key that nobody can guess, and enter the Apprise URLs of your services: https://appriseit.com/services/",
    "Or leave the server empty, and enter the URLs here instead."
  ],
  // The server has no limit, but its services do: Apprise keeps to those of each service, while the answer waits.
  rateLimits: (settings) => [
    { key: settings.use === "key" ? settings.key : settings.urls, messages: 60, perSeconds: 60, burst: 5 }
  ],
  // The server answers once all of its services have.
  timeout: 30,
  sizes: { text: maxText },
  capabilities: { verify: true },
  preview: (_, notification) => see(payload(Message.fromNotification(notification), "rich"))
}) {
  static readonly layer = HttpChannel.layer(Apprise, {
    request: (settings, notification, { form }) =>
      HttpClientRequest.post(endpoint(settings, "notify")).pipe(
        HttpClientRequest.setHeaders({ accept: "application/json", "x-apprise-log-level": "INFO" }),
        HttpClientRequest.bodyJsonUnsafe({
          ...(settings.use === "urls" && { urls: Redacted.value(settings.urls) }),
          // Without one the server leaves out the services that have tags.
          tag: settings.tag ?? "all",
          ...payload(Message.fromNotification(notification), form)
        })
      ),
    // https://github.com/caronc/apprise-api/blob/master/swagger.yaml
    answer: ({ body, status }, { purpose, settings }) => {
      const said = Option.getOrUndefined(decodeAnswer(body))
      if (status === 204) return new Misconfigured({ detail: `HTTP 204: ${nothing[settings.use]}` })
      if (status === 424) {
        const { details: log = [] } = said ?? {}
        if (said?.details !== undefined && isUnmatched(log)) {
          return new Misconfigured({ detail: `HTTP 424: ${unmatched(settings)}` })
        }
        const failed = failures(log)
        if (failed !== "" && !isAnySent(log)) {
          return new Unavailable({ detail: cut(`HTTP 424: no service was notified: ${failed}`, 300) })
        }
        const detail = cut(failed || said?.error || "The server does not say which", 300)
        return { recipients: [{ recipient: "One or more services", status: "failed", detail }] }
      }
      if (status !== 200) return status > 200 && status < 300 ? notApprise(status) : undefined
      if (purpose._tag === "deliver") return said !== undefined && said.error === null ? {} : notApprise(status)
      if (said?.urls === undefined) return notApprise(status)
      return said.urls.length > 0 ? {} : new Misconfigured({ detail: unmatched(settings) })
    },
    verify: (settings) => {
      if (settings.use === "urls") return undefined
      const query = new URLSearchParams({ privacy: "1", ...(settings.tag !== undefined && { tag: settings.tag }) })
      return HttpClientRequest.get(`${endpoint(settings, "json/urls")}?${query.toString()}`)
    }
  })
}

const endpoint = (settings: typeof Apprise.settings.Type, path: string): string =>
  `${settings.url.href.replace(/\/+$/, "")}/${path}/${settings.use === "key" ? Redacted.value(settings.key) : ""}`

const nothing = {
  key: "the server keeps no services under the key",
  urls: "none of the URLs is one that Apprise knows"
}

const unmatched = ({ tag, use }: typeof Apprise.settings.Type): string =>
  tag === undefined ? nothing[use] : "no service has the tag"

/** What the server logged about the request, at the level INFO that was asked for: `[level, time, message]` each. */
type Log = ReadonlyArray<ReadonlyArray<string>>

/**
 * Whether there is no service to notify: then Apprise logs this sentence, or, if none has the tag, only that it loaded them.
 *
 * @see https://github.com/caronc/apprise/blob/master/apprise/apprise.py
 * @see https://github.com/caronc/apprise/blob/master/apprise/config/base.py
 */
const isUnmatched = (log: Log): boolean =>
  !isAnySent(log) &&
  (log.some(([, , message]) => message === "There are no service(s) to notify") ||
    log.every(([, , message = ""]) => /^Loaded \d+ entries from /.test(message)))

/**
 * Whether a service was notified: its plugin logs that it sent the message. Other lines of the level INFO say that
 * services were loaded, are about to be notified, or failed but are optional.
 */
const isAnySent = (log: Log): boolean =>
  log.some(([level = "", , message = ""]) => !isFailure(level) && /\bsen[dt]\b/i.test(message))

const isFailure = (level: string): boolean => /WARN|ERROR|CRITICAL/.test(level)

const notApprise = (status: number) => new Misconfigured({ detail: `HTTP ${status}, but not Apprise's answer` })

/** What the server logged about services that failed. */
const failures = (log: Log): string =>
  log
    .filter(([level = ""]) => isFailure(level))
    .map(([, , message = ""]) => oneLine(message))
    .join("; ")

/** `details` is the log of the request; `urls` the services of a key. */
const Said = Schema.Struct({
  error: Schema.optionalKey(Schema.NullOr(Schema.String)),
  details: Schema.optionalKey(Schema.Array(Schema.Array(Schema.String))),
  urls: Schema.optionalKey(Schema.Array(Schema.Unknown))
})

const decodeAnswer = Schema.decodeUnknownOption(Schema.fromJsonString(Said))
