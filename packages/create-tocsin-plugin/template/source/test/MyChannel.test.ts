import { assert, describe, it } from "@effect/vitest"
import { parseJson } from "@tocsin/sources"
import { SourceTest } from "@tocsin/sources/testing"
import { DateTime, Effect } from "effect"
import { readdirSync, readFileSync } from "node:fs"
import { MyChannel } from "../src/MyChannel.ts"

/** The bodies that My Channel really posts. Replace those of the template, and say in a note where yours are from. */
const folder = new URL("./bodies/", import.meta.url)
const bodies = Object.fromEntries(
  readdirSync(folder).map((file) => [file.replace(".json", ""), readFileSync(new URL(file, folder), "utf8")])
)

SourceTest.suite(MyChannel, { bodies })

const decode = (text = "", ignoredHosts: ReadonlyArray<string> = []) =>
  MyChannel.decode(parseJson(text), {
    source: "my-channel",
    settings: { ignoredHosts },
    defaults: {},
    receivedAt: DateTime.makeUnsafe("2026-01-15T12:00:00Z")
  })

describe("My Channel", () => {
  it.effect("raises an alert with its host, its severity and its link", () =>
    Effect.gen(function* () {
      const decoded = yield* decode(bodies["down"])
      assert(decoded._tag === "Events")
      const [event] = decoded.events
      assert.deepInclude(event, { state: "raised", sourceId: "check-17", severity: "critical", test: { name: "db-1" } })
      assert.strictEqual(event?.links.alert?.href, "https://my-channel.example.com/checks/17")
    })
  )

  it.effect("leaves out the alerts of ignored hosts", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* decode(bodies["down"], ["db-1"]), { _tag: "Events", events: [] })
    })
  )
})
