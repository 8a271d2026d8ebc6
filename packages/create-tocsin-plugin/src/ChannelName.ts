/**
 * The names that a channel or a source may have: a name becomes a type, a package, a file and a class.
 */
import { Effect, Schema } from "effect"

/** The class of a channel: `my-channel` becomes `MyChannel`. */
export const className = (name: string): string => words(name).join("")

/** A channel's name as people read it: `my-channel`, `My Channel`. */
export const title = (name: string): string => words(name).join(" ")

/** A channel's name, and the scope of its package if it has one: `@acme/my-channel`. */
export const parts = (name: string): { readonly scope: string | undefined; readonly type: string } => {
  const [, scope, type = name] = /^@([a-z0-9][a-z0-9._-]*)\/(.*)$/.exec(name) ?? []
  return { scope, type }
}

/** The package of a channel: `tocsin-plugin-my-channel`, or `@acme/tocsin-plugin-my-channel`. */
export const packageName = (name: string): string => {
  const { scope, type } = parts(name)
  return `${scope === undefined ? "" : `@${scope}/`}tocsin-plugin-${type}`
}

/** Returns the reason why a text is not a channel's name, or undefined if it is one. */
export const fault = (given: string): string | undefined => {
  const { type: name } = parts(given)
  if (packageName(given).length > 214) return "Expected a shorter name: a package's name has at most 214 characters"
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name)) {
    return "Expected lowercase words with hyphens between, such as my-channel or @acme/my-channel"
  }
  if (name.startsWith("tocsin-plugin")) return "Leave tocsin-plugin out: the package is named so by itself"
  if (builtIn.has(name)) return `Every gateway has a plugin of the type ${name}: expected another name`
  if (used.has(className(name)) || className(name) in globalThis) {
    return `The plugin's source uses ${className(name)} for something else: expected another name, such as ${name}-room`
  }
  return undefined
}

/** The name of a channel. */
export const ChannelName = Schema.String.check(Schema.makeFilter(fault))

/** Returns a valid channel name, or fails with the reason why it is not one. */
export const validate = (name: string): Effect.Effect<string, string> => {
  const why = fault(name)
  return why === undefined ? Effect.succeed(name) : Effect.fail(why)
}

const words = (name: string) => name.split("-").map((word) => word.charAt(0).toUpperCase() + word.slice(1))

const builtIn = new Set([
  "slack",
  "hipchat",
  "webhook",
  "pagerduty",
  "discord",
  "telegram",
  "mattermost",
  "ntfy",
  "teams",
  "google-chat",
  "webex",
  "apprise",
  "email"
])

/** The types of the sources that every gateway has. */
export const builtInSources: ReadonlySet<string> = new Set([
  "thousandeyes",
  "alertmanager",
  "prometheus",
  "grafana",
  "pagerduty",
  "cloudevents",
  "datadog",
  "zabbix",
  "uptime-kuma",
  "healthchecks",
  "sentry",
  "aws-sns",
  "azure-monitor",
  "google-cloud-monitoring",
  "json"
])

/** The names that the templates import or declare. */
const used = new Set(
  `Answer ChannelPlugin ChannelPluginTest Connector DateTime DeliveryError Effect FakeService HttpChannel HttpClientRequest
  Layer Message Misbehaviour Misconfigured Notification Option PayloadRejected Preview Reading Redacted Reply Request Schema
  Socket SourceTest Stream Unavailable`.split(/\s+/)
)
