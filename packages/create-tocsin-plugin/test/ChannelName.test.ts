import { assert, describe, it } from "@effect/vitest"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { className, fault } from "../src/ChannelName.ts"

const root = fileURLToPath(new URL("../../..", import.meta.url))
const template = join(root, "packages/create-tocsin-plugin/template")

describe("A channel's name", () => {
  it.each(["pager", "my-channel", "gotify", "x2", "web-2-sms", "a".repeat(200), "@acme/pager", "@a.b_c-1/pager"])(
    "may be %s",
    (name) => {
      assert.strictEqual(fault(name), undefined)
    }
  )

  it.each([
    ["", "Expected lowercase words"],
    ["Pager", "Expected lowercase words"],
    ["my channel", "Expected lowercase words"],
    ["my--channel", "Expected lowercase words"],
    ["-pager", "Expected lowercase words"],
    ["2fa", "Expected lowercase words"],
    ["../pager", "Expected lowercase words"],
    ["@acme/Pager", "Expected lowercase words"],
    ["@Acme/pager", "Expected lowercase words"],
    ["@acme/other/pager", "Expected lowercase words"],
    ["@acme/tocsin-plugin-pager", "Leave tocsin-plugin out"],
    ["pager\n", "Expected lowercase words"],
    ["a".repeat(201), "Expected a shorter name"],
    ["tocsin-plugin-pager", "Leave tocsin-plugin out"],
    ["response", "The plugin's source uses Response for something else"]
  ])("may not be %j", (name, says) => {
    assert.include(fault(name), says)
  })

  it("may not be that of a built-in plugin", () => {
    const types = readdirSync(join(root, "packages")).flatMap((name) => /^plugin-(.+)/.exec(name)?.slice(1) ?? [])
    assert.includeMembers(types, ["slack", "hipchat"])
    for (const type of types) assert.include(fault(type), `Every gateway has a plugin of the type ${type}`)
  })

  it("may not be an identifier that the templates use", () => {
    const sources = readdirSync(template, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"))
    const names = sources.flatMap((file) => {
      const text = readFileSync(join(template, file), "utf8")
      const imported = [...text.matchAll(/^import (?:\* as )?(.+) from/gm)].flatMap(
        ([, list = ""]) => list.match(/\b[A-Z]\w+/g) ?? []
      )
      return [...imported, ...[...text.matchAll(/^const ([A-Z]\w+)/gm)].flatMap(([, name = ""]) => name)]
    })
    const others = new Set(names.filter((name) => !name.includes("MyChannel")))
    assert.isAbove(others.size, 10)
    for (const name of others) {
      const channel = name.replace(/(?!^)[A-Z]/g, "-$&").toLowerCase()
      assert.strictEqual(className(channel), name)
      assert.include(fault(channel), `uses ${name} for something else`)
    }
  })
})
