import { assert, describe, it } from "@effect/vitest"
import { Egress } from "@tocsin/delivery"
import { ConfigProvider, Effect, Layer, Option } from "effect"
import { HttpClient } from "effect/http"
import { isPublic, parseAddress } from "../src/addresses.ts"
import * as EgressLayer from "../src/Egress.ts"
import { Settings } from "../src/Settings.ts"
import * as StandIn from "../demo/standIn.ts"

const world = (allow: string) =>
  EgressLayer.layer.pipe(
    Layer.provide(Settings.layer),
    Layer.provide(ConfigProvider.layer(ConfigProvider.fromUnknown({ TOCSIN_EGRESS_ALLOW: allow }))),
    Layer.orDie
  )

const check = (origin: string, allow: string) =>
  Egress.use(({ check }) => check(origin)).pipe(
    Effect.match({ onFailure: ({ message }) => message, onSuccess: () => "may be called" }),
    Effect.provide(world(allow))
  )

describe("addresses", () => {
  const table: ReadonlyArray<readonly [address: string, isPublic: boolean]> = [
    ["1.1.1.1", true],
    ["172.15.255.255", true],
    ["172.32.0.0", true],
    ["11.0.0.0", true],
    ["0.0.0.0", false],
    ["10.0.0.1", false],
    ["100.64.0.1", false],
    ["127.0.0.1", false],
    ["127.255.255.254", false],
    ["169.254.169.254", false],
    ["172.16.0.1", false],
    ["172.31.255.255", false],
    ["192.0.0.1", false],
    ["192.0.2.1", false],
    ["192.168.1.1", false],
    ["198.18.0.1", false],
    ["203.0.113.1", false],
    ["224.0.0.1", false],
    ["255.255.255.255", false],
    ["2606:4700:4700::1111", true],
    ["::", false],
    ["::1", false],
    ["::ffff:127.0.0.1", false],
    ["::ffff:7f00:1", false],
    ["::ffff:1.1.1.1", true],
    ["::127.0.0.1", false],
    ["64:ff9b::7f00:1", false],
    ["2002:7f00:1::", false],
    ["2001:0:7f00:1::", false],
    ["2001:db8::1", false],
    ["fc00::1", false],
    ["fd00:ec2::254", false],
    ["fe80::1", false],
    ["ff02::1", false]
  ]
  it.each(table)("%s is public: %s", (address, expected) => {
    assert.strictEqual(Option.match(parseAddress(address), { onNone: () => undefined, onSome: isPublic }), expected)
  })
})

describe("Egress.check", () => {
  const fine = "may be called"
  const table: ReadonlyArray<readonly [origin: string, allow: string, verdict: string]> = [
    ["https://1.1.1.1", "", fine],
    ["https://[2606:4700:4700::1111]:8443", "", fine],
    ["https://name-that-does-not-resolve.invalid", "", fine],
    ["http://1.1.1.1", "", "https"],
    ["http://name-that-does-not-resolve.invalid", "", "https"],
    ["https://127.0.0.1", "", "not a public one"],
    ["https://2130706433", "", "not a public one"],
    ["https://0x7f.1", "", "not a public one"],
    ["https://0177.0.0.1", "", "not a public one"],
    ["https://127.1", "", "not a public one"],
    ["https://[::1]", "", "not a public one"],
    ["https://[::ffff:127.0.0.1]", "", "not a public one"],
    ["https://169.254.169.254", "", "not a public one"],
    ["https://localhost", "", "not a public one"],
    ["https://127.0.0.1", "127.0.0.1", fine],
    ["http://127.0.0.1:9999", "127.0.0.1", fine],
    ["http://127.0.0.1", "10.0.0.0/8, 127.0.0.0/8", fine],
    ["https://[::ffff:127.0.0.1]", "127.0.0.1", fine],
    ["http://localhost", "localhost", fine],
    ["http://LOCALHOST", " LocalHost ", fine],
    ["http://localhost", "127.0.0.0/8,::1", fine],
    ["http://127.0.0.2", "127.0.0.1", "https"],
    ["https://192.168.1.1", "10.0.0.0/8", "not a public one"]
  ]
  it.effect.each(table)("%s, allowed: %s", ([origin, allow, verdict]) =>
    Effect.gen(function* () {
      const said = yield* check(origin, allow)
      assert.include(said, verdict)
      if (verdict !== fine) assert.include(said, "TOCSIN_EGRESS_ALLOW")
    })
  )
})

describe("the connector", () => {
  const served = { answer: () => ({ status: 302, headers: { location: "http://127.0.0.1:1/" }, body: "" }) }
  const get = Effect.fnUntraced(function* (host: string, allow: string) {
    const { port } = new URL(yield* StandIn.serve(served))
    return yield* HttpClient.get(`http://${host}:${port}/`).pipe(
      Effect.match({ onFailure: ({ reason }) => String(reason.cause), onSuccess: ({ status }) => status }),
      Effect.provide(world(allow))
    )
  })

  it.live("connects to what is allowed, and follows no redirect", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* get("127.0.0.1", "127.0.0.1"), 302)
      assert.strictEqual(yield* get("localhost", "localhost"), 302)
      assert.strictEqual(yield* get("localhost", "127.0.0.0/8,::1"), 302)
    })
  )

  it.live("refuses an address that is spelt out, and a name that resolves to one", () =>
    Effect.gen(function* () {
      assert.include(yield* get("127.0.0.1", ""), "TOCSIN_EGRESS_ALLOW")
      assert.include(yield* get("2130706433", ""), "TOCSIN_EGRESS_ALLOW")
      assert.include(yield* get("localhost", "10.0.0.0/8"), "TOCSIN_EGRESS_ALLOW")
      assert.include(yield* get("[::ffff:127.0.0.1]", ""), "TOCSIN_EGRESS_ALLOW")
    })
  )
})
