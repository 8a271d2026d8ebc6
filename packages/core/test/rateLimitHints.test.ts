import { assert, describe, it } from "@effect/vitest"
import { HttpChannel } from "@tocsin/core"
import { DateTime } from "effect"
import { Headers } from "effect/http"

const now = 1_700_000_000_000

const hints = (headers: { readonly [name: string]: string }) =>
  HttpChannel.rateLimitHints(Headers.fromInput(headers), "hook", now)

describe("rateLimitHints", () => {
  it.each([
    [{ "X-RateLimit-Remaining": "3", "X-RateLimit-Reset-After": "1.5" }, 3, now + 1500],
    [{ "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1700000060" }, 0, now + 60_000],
    // The time until then needs no clock that agrees with the service's.
    [{ "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1", "X-RateLimit-Reset-After": "2" }, 0, now + 2000]
  ])("reads %j", (headers, remaining, resetAt) => {
    assert.deepStrictEqual(hints(headers), [{ key: "hook", remaining, resetAt: DateTime.makeUnsafe(resetAt) }])
  })

  it.each([
    [{}],
    [{ "X-RateLimit-Remaining": "3" }],
    [{ "X-RateLimit-Reset-After": "1" }],
    [{ "X-RateLimit-Remaining": "-1", "X-RateLimit-Reset-After": "1" }],
    [{ "X-RateLimit-Remaining": "many", "X-RateLimit-Reset-After": "soon" }],
    [{ "X-RateLimit-Remaining": "1", "X-RateLimit-Reset-After": "1e308" }],
    [{ "X-RateLimit-Remaining": "1", "X-RateLimit-Reset": "999999999999999" }]
  ])("says nothing where the headers do not: %j", (headers) => {
    assert.deepStrictEqual(hints(headers), [])
  })
})
