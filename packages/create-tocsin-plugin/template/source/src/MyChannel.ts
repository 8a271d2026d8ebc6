import { defineSource, Reading } from "@tocsin/sources"
import { Schema } from "effect"

const { Id, ifReadable, Plain, TextLink } = Reading

/**
 * What My Channel posts. Name the page that documents it. Only the fields that decide whether there is an alert, and
 * which, are required: an odd value in any other must not lose an alert.
 */
const Notification = Schema.Struct({
  id: Id,
  status: Schema.Literals(["down", "up"]),
  check: ifReadable(Plain),
  host: ifReadable(Plain),
  severity: ifReadable(Plain),
  message: ifReadable(Plain),
  since: ifReadable(Plain),
  until: ifReadable(Plain),
  url: ifReadable(TextLink),
  tags: Reading.Fields
})

/** Reads the webhooks of My Channel. */
export const MyChannel = defineSource({
  type: "my-channel",
  title: "My Channel",
  settings: Schema.Struct({
    ignoredHosts: Schema.optionalKey(Schema.Array(Schema.String)).annotateKey({
      title: "Ignored hosts",
      description: "The hosts whose alerts are left out"
    })
  }),
  example: { ignoredHosts: ["staging-1"] },
  setup: [
    "In My Channel, open Settings, Webhooks, and add a webhook with the address of this source.",
    "Set the header Authorization to Bearer, a space, and the token."
  ],
  decode: Reading.decoderOf(Notification, (sent, { settings }) => {
    if (sent.check === "test") return { _tag: "Test" }
    if (sent.host !== undefined && settings.ignoredHosts?.includes(sent.host)) return Reading.nothing
    return {
      _tag: "Report",
      state: sent.status === "up" ? "cleared" : "raised",
      id: sent.id,
      name: sent.check,
      test: sent.host,
      severity: Reading.severityOf(sent.severity),
      summary: sent.message,
      started: sent.since,
      ended: sent.until,
      labels: Reading.labelsOf(sent.tags),
      link: sent.url
    }
  })
})
