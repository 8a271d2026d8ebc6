import { defineSource, Reading } from "@tocsin/sources"
import { Schema } from "effect"

const Notification = Schema.Struct({
  id: Reading.Id,
  status: Schema.Literals(["down", "up"]),
  check: Reading.ifReadable(Reading.Plain),
  severity: Reading.ifReadable(Reading.Plain),
  time: Reading.ifReadable(Reading.Plain)
})

/** The smallest source: copy this folder to start your own. */
export const hello = defineSource({
  type: "hello",
  title: "Hello",
  setup: ["Let any program post its alerts to the address of this source."],
  decode: Reading.decoderOf(Notification, ({ check, id, severity, status, time }) => ({
    _tag: "Report",
    state: status === "up" ? "cleared" : "raised",
    id,
    name: check,
    severity: Reading.severityOf(severity),
    started: status === "up" ? undefined : time,
    ended: time,
    labels: []
  }))
})
