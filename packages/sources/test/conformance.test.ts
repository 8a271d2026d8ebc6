import { builtIn, parseJson } from "@tocsin/sources"
import { SourceTest } from "@tocsin/sources/testing"
import { Predicate } from "effect"
import { bodiesOf } from "./sources.ts"

/** Bodies about no alert. */
const about = { none: ["test", "acknowledge", "confirmation", "unsubscribed"] }

/** The body with the JSON in its text `Message` as an object, so that the checks change its fields, too. */
const unwrapped = (name: string, text: string) => {
  const body = parseJson(text)
  return Predicate.hasProperty(body, "Message") && typeof body.Message === "string"
    ? [[`${name}, unwrapped`, JSON.stringify({ ...body, Message: parseJson(body.Message) })] as const]
    : []
}

for (const source of builtIn) {
  const bodies = Object.entries(bodiesOf(source.type)).filter(([name]) => !about.none.includes(name))
  SourceTest.suite(source, {
    bodies: Object.fromEntries(bodies.flatMap(([name, text]) => [[name, text], ...unwrapped(name, text)]))
  })
}
