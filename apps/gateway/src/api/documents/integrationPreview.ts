import type { IntegrationPreview } from "@tocsin/client"
import {
  type Alert,
  Message,
  type Notification,
  Preview,
  sampleNotifications,
  showRequest,
  withoutSecrets
} from "@tocsin/core"
import type { ReadyIntegration } from "@tocsin/delivery"
import type { DateTime } from "effect"

/** An alert to show instead of the example. */
export interface RealAlert {
  readonly alert: Alert
  readonly now: DateTime.Utc
}

/** Renders each kind of notification, about this alert if one is given. Sends nothing. */
export const integrationPreview = (
  { channel, integration: { settings }, plugin }: ReadyIntegration,
  real?: RealAlert
): typeof IntegrationPreview.Type => ({
  items: notifications(real).map((notification) => ({
    kind: notification._tag,
    preview:
      plugin.preview?.(withoutSecrets(settings), notification) ??
      Preview.fromMessage(Message.fromNotification(notification), wholeMessage),
    text: Message.plainText(Message.fromNotification(notification), plugin.sizes.text),
    requests: (channel.requests?.(settings, notification, { form: "rich", deliveryId: "preview" }) ?? []).map(
      (request) => showRequest(request, settings)
    )
  }))
})

/** Of a plugin that shows no preview, the gateway does not know the limits: everything is shown, as far as it fits a page. */
const wholeMessage: Preview.Shown = {
  headline: 1000,
  summary: 4000,
  label: 200,
  facts: 50,
  fact: 1000,
  lines: 50,
  line: 500,
  links: 10,
  link: 4000,
  notes: 10,
  note: 1000
}

const notifications = (real: RealAlert | undefined): ReadonlyArray<Notification> => {
  // Replies to digests are sent in plain form.
  const samples = Object.values(sampleNotifications).filter(({ _tag }) => _tag !== "DigestList")
  return real === undefined ? samples : samples.map((sample) => about(real, sample))
}

/** The sample with this alert, in its raised or cleared state; samples that are not about a single alert stay. */
const about = ({ alert, now }: RealAlert, sample: Notification): Notification => {
  // A raised alert is shown as if it cleared now.
  const { clearedAt = now, clearedBecause = "conditionsNoLongerMet", ...rest } = alert
  switch (sample._tag) {
    case "Raised":
    case "Escalated":
    case "Reminder":
    case "Test":
      return { ...sample, alert: { ...rest, state: "raised" } }
    case "Cleared":
    case "RaisedAndCleared": {
      const cleared: Alert = { ...rest, state: "cleared", clearedAt, clearedBecause }
      return { ...sample, alert: cleared, because: clearedBecause, clearedAt }
    }
    default:
      return sample
  }
}
