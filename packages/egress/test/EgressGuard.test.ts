import { Egress } from "@tocsin/core"
import { assert, describe, it } from "@effect/vitest"
import { FakeServer } from "@tocsin/core/fakes"
import { Effect, Option } from "effect"
import { HttpClient } from "effect/http"
import { isPublic, parseAddress } from "@tocsin/egress"
import { systemGuard } from "./harness/guard.ts"

const check = (origin: string, allow: string) =>
  Egress.use(({ check }) => check(origin)).pipe(
    Effect.match({ onFailure: ({ message }) => message, onSuccess: () => "may be called" }),
    Effect.provide(systemGuard(allow))
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
    ["0:0:0:0:0:FFFF:7F00:0001", false],
    // IPv4 inside IPv6: compatible, translated, NAT64 (by what it leads to), its local prefix, 6to4, Teredo, ISATAP.
    ["::127.0.0.1", false],
    ["::ffff:0:127.0.0.1", false],
    ["64:ff9b::127.0.0.1", false],
    ["64:ff9b::a9fe:a9fe", false],
    ["64:ff9b::1.1.1.1", true],
    ["64:ff9b:1::1.1.1.1", false],
    ["2002:7f00:1::", false],
    ["2002:101:101::", false],
    ["2001:0:7f00:1::", false],
    ["2606:4700::5efe:127.0.0.1", false],
    ["2606:4700::200:5efe:127.0.0.1", false],
    ["2606:4700::5eff:127.0.0.1", true],
    ["2001:db8::1", false],
    ["3fff::1", false],
    ["5f00::1", false],
    ["100::1", false],
    ["fc00::1", false],
    ["fe80::1", false],
    ["fec0::1", false],
    ["ff02::1", false],
    // The clouds' metadata and platform services.
    ["169.254.170.2", false],
    ["168.63.129.16", false],
    ["168.63.129.17", true],
    ["100.100.100.200", false],
    ["192.0.0.192", false],
    ["fd00:ec2::254", false],
    ["fd20:ce::254", false]
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
    ["https://127.0.0.1.", "", "not a public one"],
    ["https://0x7f000001", "", "not a public one"],
    ["https://017700000001", "", "not a public one"],
    ["https://0", "", "not a public one"],
    ["https://10.1", "", "not a public one"],
    ["https://\uff11\uff12\uff17.0.0.1", "", "not a public one"],
    ["https://127\u30020\u30020\u30021", "", "not a public one"],
    ["https://[::ffff:7f00:1]", "", "not a public one"],
    ["https://[64:ff9b::10.0.0.1]", "", "not a public one"],
    ["https://1.1.1.1@127.0.0.1", "", "not a public one"],
    ["https://127.0.0.1@1.1.1.1", "", fine],
    ["https://127.0.0.1:@1.1.1.1", "", fine],
    ["https://1.1.1.1#@127.0.0.1", "", fine],
    ["https://localhost", "", "not a public one"],
    ["https://LOCALHOST.", "", "not a public one"],
    ["https://\u24db\u24de\u24d2\u24d0\u24db\u24d7\u24de\u24e2\u24e3", "", "not a public one"],
    ["https://localhost.", "localhost", fine],
    ["https://localhost", "localhost.", fine],
    ["http://b\u00fccher.invalid", "b\u00fccher.invalid", fine],
    ["http://xn--bcher-kva.invalid", "B\u00dcCHER.invalid", fine],
    ["http://sub.bridge.invalid", "bridge.invalid", "https"],
    ["http://bridge.invalid.example.invalid", "bridge.invalid", "https"],
    ["https://[64:ff9b::10.0.0.1]", "10.0.0.0/8", fine],
    ["https://[fd00::1]", "fd00::/8", fine],
    ["https://127.0.0.1", "127.0.0.1", fine],
    ["http://[::1]", "[::1]", fine],
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

describe("The client", () => {
  const served = { answer: () => ({ status: 302, headers: { location: "http://127.0.0.1:1/" }, body: "" }) }
  const get = Effect.fnUntraced(function* (host: string, allow: string) {
    const { port } = new URL(yield* FakeServer.serve(served))
    return yield* HttpClient.get(`http://${host}:${port}/`).pipe(
      Effect.match({ onFailure: ({ reason }) => String(reason.cause), onSuccess: ({ status }) => status }),
      Effect.provide(systemGuard(allow))
    )
  })

  it.live("connects to allowed hosts, and follows no redirect", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* get("127.0.0.1", "127.0.0.1"), 302)
      assert.strictEqual(yield* get("localhost", "localhost"), 302)
      assert.strictEqual(yield* get("localhost", "127.0.0.0/8,::1"), 302)
    })
  )

  it.live("refuses a literal address, and a name that resolves to one", () =>
    Effect.gen(function* () {
      assert.include(yield* get("127.0.0.1", ""), "TOCSIN_EGRESS_ALLOW")
      assert.include(yield* get("2130706433", ""), "TOCSIN_EGRESS_ALLOW")
      assert.include(yield* get("localhost", "10.0.0.0/8"), "TOCSIN_EGRESS_ALLOW")
      assert.include(yield* get("[::ffff:127.0.0.1]", ""), "TOCSIN_EGRESS_ALLOW")
    })
  )
})
