/**
 * The plugin for Microsoft Teams.
 */
import {
  ChannelPlugin,
  cut,
  DestinationGone,
  HttpChannel,
  HttpClientRequest,
  Message,
  Misconfigured
} from "@tocsin/core"
import { Option, Redacted, Schema } from "effect"
import { maxPlain, payload, preview } from "./card.ts"

/** Posts Adaptive Cards to a Teams channel or chat through the webhook of a workflow. */
export class Teams extends ChannelPlugin.Service<Teams>()("teams", {
  title: "Microsoft Teams",
  settings: Schema.Struct({
    url: Schema.Redacted(
      Schema.String.check(
        Schema.makeFilter((url) => isWorkflow(url), {
          expected:
            "the URL of a Workflows webhook, with /workflows/ in its path and its sig=...; Office 365 connectors have ended"
        })
      )
    ).annotateKey({ title: "URL", description: "The Workflows webhook's URL; whoever has it can post" })
  }),
  settingsVersion: 1,
  example: {
    url: "https://default00000000000000000000000000000000.00.environment.api.powerplatform.com:443/powerautomate/automations/direct/workflows/00000000000000000000000000000000/triggers/manual/paths/invoke?api-version=1&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig=XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX"
  },
  setup: [
    "In Teams open the channel's menu (…), Workflows, and choose Send webhook alerts to a channel.",
    "Sign in, choose the team and the channel, and save.",
    "Copy the webhook's URL."
  ],
  // https://learn.microsoft.com/en-us/microsoftteams/platform/webhooks-and-connectors/how-to/add-incoming-webhook: more than four
  // requests in a second are throttled. Each is a run of the workflow, so there is one a second on average.
  rateLimits: ({ url }) => [{ key: url, messages: 4, perSeconds: 4, burst: 4 }],
  sizes: { text: maxPlain },
  capabilities: {},
  preview: (_, notification) => preview(Message.fromNotification(notification))
}) {
  static readonly layer = HttpChannel.layer(Teams, {
    request: ({ url }, notification, { form }) =>
      HttpClientRequest.post(Redacted.value(url)).pipe(
        HttpClientRequest.bodyJsonUnsafe(payload(Message.fromNotification(notification), form))
      ),
    // A workflow without a Response action answers 202, before it posts:
    // https://learn.microsoft.com/en-us/azure/connectors/connectors-native-reqres
    answer: ({ body, status }) => {
      if (status === 202) return {}
      const { error } = Option.getOrElse(decodeAnswer(body), (): typeof Refusal.Type => ({ error: {} }))
      const { code = "", message = "" } = error
      const detail = `HTTP ${status}: ${cut(`${code} ${message}`.trim() || "not a workflow's answer", 200)}`
      // The workflow was deleted or turned off; its trigger keeps answering.
      if (status === 400 && code === "WorkflowTriggerIsNotEnabled") return new DestinationGone({ detail })
      return status >= 200 && status < 300 ? new Misconfigured({ detail }) : undefined
    }
  })
}

const isWorkflow = (url: string): boolean =>
  URL.canParse(url) && /^https?:\/\/[^?#]+\/workflows\/[^?#]+\?(?:[^#]*&)?sig=[^&#]/.test(url)

const Refusal = Schema.Struct({
  error: Schema.Struct({ code: Schema.optionalKey(Schema.String), message: Schema.optionalKey(Schema.String) })
})

const decodeAnswer = Schema.decodeUnknownOption(Schema.fromJsonString(Refusal))
