import { assert, describe, it } from "@effect/vitest"
import { HttpClientRequest, redactText, showRequest } from "@tocsin/core"
import { Redacted } from "effect"
import { Base64 } from "effect/encoding"

const secret = `c4n4ry b!~'"ö+x/%&?#`
const settings = { room: "ops", token: Redacted.make(secret) }
const standing = "c4n4ry"

describe("redactText", () => {
  it("redacts a URL's user and password, as they are and as Basic authentication sends them", () => {
    const url = Redacted.make("https://user:p%40ssword@chat.example.com/hook")
    for (const echo of ["p@ssword", "p%40ssword", "user:p@ssword", Base64.encode("user:p@ssword")]) {
      assert.notInclude(redactText(`Got: ${echo}!`, { url }), echo)
    }
    const token = redactText(`Got: t0ken-of-us, ${Base64.encode("t0ken-of-us:")}`, {
      url: Redacted.make("https://t0ken-of-us@chat.example.com/hook")
    })
    assert.strictEqual(token, "Got: <redacted>, <redacted>")
  })

  it("redacts the parts of a URL as they are in it, and without percent-encoding", () => {
    const url = Redacted.make("https://chat.example.com/s3cr3t%20path/x?token=s3cr3t-T0ken%3D")
    for (const echo of ["s3cr3t%20path", "s3cr3t path", "s3cr3t-T0ken%3D", "s3cr3t-T0ken="]) {
      assert.strictEqual(redactText(`Got: ${echo}!`, { url }), "Got: <redacted>!")
    }
  })
})

describe("The credential of a header", () => {
  it("is struck out without its scheme, too", () => {
    const headers = { Authorization: Redacted.make("Bearer t0ken-in-a-header") }
    assert.strictEqual(redactText("Got: t0ken-in-a-header!", { headers }), "Got: <redacted>!")
  })
})

describe("showRequest", () => {
  const url = new URL("https://chat.example.com/")
  url.pathname = `/hooks/${secret}`
  url.searchParams.set("key", secret)
  url.hash = secret

  it("redacts secrets in the URL, in each encoding", () => {
    assert.notInclude(showRequest(HttpClientRequest.get(url), settings).url, standing)
    const set = HttpClientRequest.get("https://chat.example.com/?room=ops").pipe(
      HttpClientRequest.setUrlParam("auth_token", secret)
    )
    assert.notInclude(showRequest(set, settings).url, standing)
    assert.include(showRequest(set, settings).url, "room=ops")
  })

  it("redacts secrets in JSON, form and text bodies", () => {
    const post = HttpClientRequest.post("https://chat.example.com/")
    const bodies = [
      HttpClientRequest.bodyJsonUnsafe(post, { text: "Raised", token: secret }),
      HttpClientRequest.bodyUrlParams(post, { text: "Raised", token: secret }),
      HttpClientRequest.bodyText(post, `Raised ${secret} ${Base64.encode(secret)}`)
    ]
    for (const request of bodies) {
      const { body = "" } = showRequest(request, settings)
      assert.include(body, "Raised")
      assert.notInclude(body, standing)
      assert.notInclude(body, Base64.encode(secret).slice(0, 12))
    }
  })

  it("keeps text that only resembles an encoded secret", () => {
    const request = HttpClientRequest.post("https://chat.example.com/").pipe(HttpClientRequest.bodyText("example"))
    assert.strictEqual(showRequest(request, { token: Redacted.make("../x") }).body, "example")
  })

  it("shows only headers without credentials", () => {
    const request = HttpClientRequest.post("https://chat.example.com/").pipe(
      HttpClientRequest.setHeaders({ "x-key": `Basic ${Base64.encode(`me:${secret}`)}`, accept: "application/json" })
    )
    const { headers } = showRequest(request, settings)
    assert.deepStrictEqual(headers, { "x-key": "<redacted>", accept: "application/json" })
  })
})
