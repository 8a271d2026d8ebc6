/**
 * Packages of plugins as their authors publish them, in folders that a gateway loads them from.
 */
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"

/** A plugin as its author publishes it, in JavaScript, of the type `pager`; it posts to Slack's stand-in. */
export const pager = `
import { ChannelPlugin, HttpChannel, Message } from "@tocsin/core"
import { Redacted, Schema } from "effect"
import { HttpClientRequest } from "effect/http"

export class Pager extends ChannelPlugin.Service()("pager", {
  title: "Pager",
  settings: Schema.Struct({ url: Schema.Redacted(Schema.String).annotateKey({ title: "URL", description: "Where to" }) }),
  settingsVersion: 1,
  example: { url: "https://pager.example.com/" },
  setup: ["Take any URL."],
  rateLimits: () => [{ key: "pager", messages: 1000, perSeconds: 1, burst: 1000 }],
  sizes: { text: 1000 },
  capabilities: {}
}) {
  static layer = HttpChannel.layer(Pager, {
    request: ({ url }, notification) => HttpClientRequest.post(Redacted.value(url)).pipe(
      HttpClientRequest.bodyJsonUnsafe({ text: Message.fromNotification(notification).headline, parse: "none", unfurl_links: false, unfurl_media: false })
    )
  })
}`

/** A source as its author publishes it, in JavaScript, of the type `pulse`; its decoder throws at the state `broken`. */
export const pulse = `
import { defineSource, Reading } from "@tocsin/sources"
import { Effect, Schema } from "effect"

export const pulse = defineSource({
  type: "pulse",
  title: "Pulse",
  setup: ["In Pulse, open Settings, Webhooks, and paste the address."],
  decode: (body, options) => {
    if (body.state === "broken") throw new TypeError("c4n4ry in the body")
    if (body.state === "invalid") return Effect.succeed({ _tag: "Events", events: [{ sourceId: body.id }] })
    if (body.state === "nothing") return Effect.void
    return read(body, options)
  }
})

const read = Reading.decoderOf(
  Schema.Struct({ id: Reading.Id, state: Schema.Literals(["down", "up"]), check: Reading.Plain }),
  ({ check, id, state }) => ({
    _tag: "Report", state: state === "up" ? "cleared" : "raised", id, name: check, severity: undefined,
    started: undefined, ended: undefined, labels: []
  })
)`

/** A package: its one file, and what its package.json says beyond the usual. */
export interface Package {
  readonly main: string
  readonly manifest?: object
}

/** Writes packages below a folder, each named by where it is. */
export const unpack = (dir: string, packages: { readonly [name: string]: Package }) => {
  const write = (file: string, text: string) => {
    mkdirSync(dirname(join(dir, file)), { recursive: true })
    writeFileSync(join(dir, file), text)
  }
  const peerDependencies = { "@tocsin/core": "*", effect: "~4.1.0" }
  for (const [name, { main, manifest }] of Object.entries(packages)) {
    const usual = { name, version: "1.0.0", type: "module", exports: "./index.js", peerDependencies }
    write(`${name}/package.json`, JSON.stringify({ ...usual, ...manifest }))
    write(`${name}/index.js`, main)
  }
  return dir
}

export const emptyFolder = () => mkdtempSync(join(tmpdir(), "tocsin-plugins-"))

/** A folder into which npm installed these packages, with an `effect` and a core that must not be used. */
export const installed = (packages: { readonly [name: string]: Package }) => {
  const wrong = (name: string) => ({ main: `throw new Error("the wrong ${name}")`, manifest: { version: "9.9.9" } })
  const dir = emptyFolder()
  unpack(join(dir, "node_modules"), {
    ...packages,
    effect: wrong("effect"),
    "@tocsin/core": wrong("@tocsin/core"),
    "@tocsin/sources": wrong("@tocsin/sources")
  })
  return dir
}
