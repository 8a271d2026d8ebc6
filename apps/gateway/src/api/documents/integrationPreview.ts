import type { IntegrationPreview } from "@tocsin/client"
import { Message, sampleNotifications, showRequest, withoutSecrets } from "@tocsin/core"
import type { ReadyIntegration } from "@tocsin/delivery"

/** What each kind of notification looks like there: nothing is sent. */
export const integrationPreview = ({
  channel,
  integration: { settings },
  plugin
}: ReadyIntegration): typeof IntegrationPreview.Type => ({
  items: Object.values(sampleNotifications).map((notification) => ({
    kind: notification._tag,
    ...(plugin.preview && { preview: plugin.preview(withoutSecrets(settings), notification) }),
    text: Message.plainText(Message.fromNotification(notification), plugin.sizes.text),
    requests: (channel.requests?.(settings, notification, { form: "rich", deliveryId: "preview" }) ?? []).map(
      (request) => showRequest(request, settings)
    )
  }))
})
