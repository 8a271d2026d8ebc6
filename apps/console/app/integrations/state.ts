import type { IntegrationRow } from "../data/queries.ts"
import type { IconName } from "../parts/Icon.tsx"

export interface ShownState {
  readonly word: string
  readonly tone: "good" | "quiet" | "warn" | "bad"
  readonly icon: IconName
}

/** The state of an integration, in a word. */
export const stateOf = ({ enabled, lastSuccessAt, paused, state }: IntegrationRow): ShownState => {
  if (state === "broken") return { word: "Broken", tone: "bad", icon: "warning" }
  if (paused !== undefined) return { word: "Paused", tone: "warn", icon: "pause" }
  if (!enabled) return { word: "Disabled", tone: "quiet", icon: "off" }
  if (state === "waiting") return { word: "Waiting", tone: "warn", icon: "clock" }
  if (lastSuccessAt === undefined) return { word: "Untested", tone: "quiet", icon: "dash" }
  return { word: "Working", tone: "good", icon: "check" }
}

const advice: { readonly [reason: string]: string } = {
  RateLimited: "The service wants fewer messages. It is sent to again when it allows.",
  Unavailable: "The service cannot be reached, or failed itself. Pending messages are retried.",
  Unauthorized: "The service refuses the secret. Edit the integration and replace it.",
  DestinationGone: "The channel no longer exists. Edit the integration and point it elsewhere.",
  PayloadRejected: "The service refuses the messages. The last answer says why.",
  Misconfigured: "These settings cannot work. Edit the integration.",
  PluginFailed:
    "The plugin has a bug. The gateway's log has the error. Install a fixed version of the plugin and restart the gateway; pending messages are then delivered.",
  NotReady: "Its plugin is not installed, or cannot read the stored settings. Install it, or edit the integration."
}

/** The remedy for a reason such as `DestinationGone: HTTP 404`, or `The plugin failed: TypeError in request`. */
export const adviceFor = (reason: string): string | undefined =>
  advice[reason.startsWith("The plugin failed: ") ? "PluginFailed" : (/^\w+/.exec(reason)?.[0] ?? "")]
