import { Schema } from "effect"

const isHttpUrl = (url: string): boolean => URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)

/** An http or https URL that is a credential, such as that of an incoming webhook: whoever has it can post. */
export const WebhookUrl = Schema.Redacted(
  Schema.String.check(Schema.makeFilter(isHttpUrl, { expected: "an http or https URL" }))
)
