import { assert, it } from "@effect/vitest"
import { ChannelPluginTest } from "@tocsin/core/testing"
import { Slack } from "@tocsin/plugin-slack"
import { FakeSlack } from "@tocsin/plugin-slack/testing"
import { execFileSync } from "node:child_process"
import { readFileSync, writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"

const page = fileURLToPath(new URL("../../../../docs/plugins/contract.md", import.meta.url))
const list = /(?<=<!-- checks -->\n\n)[^]*?(?=\n\n<!-- \/checks -->)/

// The names do not depend on the plugin but for its preview, which Slack's has; nothing of it is run.
const of = { layer: Slack.layer, settings: {}, secrets: [] }
const requests = ChannelPluginTest.checks(Slack, {
  ...of,
  accepted: () => new Response("ok"),
  fake: () => new FakeSlack(),
  refused: [[() => new Response("no"), "Misconfigured"]],
  read: () => ({ blocks: [] })
}).map(({ name }) => general(name))
const connections = ChannelPluginTest.checks(Slack, {
  ...of,
  peer: () => ({ answer: () => "ok" }),
  refused: [[() => ({ answer: () => "no" }), "Misconfigured"]],
  read: () => ({ blocks: [] })
}).map(({ name }) => general(name))

it("the contract lists all that the kit checks (UPDATE_DOCS=1 writes it)", () => {
  const written = [
    "A plugin",
    lines(requests.filter((name) => connections.includes(name))),
    "By HTTP, it",
    lines(requests.filter((name) => !connections.includes(name))),
    "On a connection, it",
    lines(connections.filter((name) => !requests.includes(name)))
  ].join("\n\n")
  const text = readFileSync(page, "utf8")
  if (process.env["UPDATE_DOCS"] !== undefined) {
    writeFileSync(
      page,
      text.replace(list, () => written)
    )
    execFileSync("oxfmt", [page])
    return
  }
  assert.strictEqual(list.exec(text)?.[0], written)
})

/** One name for checks that differ by what they are given only. */
function general(name: string): string {
  return name
    .replace(/^(sends what the service accepts|previews what it sends) for .*/, "$1, for any notification")
    .replace(/^calls (HTTP|refusal) .*/, (_, what) => `calls each ${what === "HTTP" ? "status" : what} by its reason`)
}

const lines = (names: ReadonlyArray<string>): string => [...new Set(names)].map((name) => `- ${name}`).join("\n")
