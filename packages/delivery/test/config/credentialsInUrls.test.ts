import { assert, describe, it } from "@effect/vitest"
import { credentialsInUrls } from "../../src/config/credentialsInUrls.ts"

describe("Credentials in URLs that answers show", () => {
  it.each([
    [{ url: "https://user:s3cr3t@example.com/" }, ["/url"]],
    [{ url: "https://s3cr3t@example.com/" }, ["/url"]],
    [{ "a/b": [{ apiUrl: "smtp://:s3cr3t@example.com" }] }, ["/a~1b/0/apiUrl"]],
    [{ url: "https://example.com/a@b?c=d:e@f", text: "user:s3cr3t@example.com", none: null, n: 1 }, []],
    [{ url: "https://user:kept@example.com/" }, []]
  ])("%j", (settings, pointers) => {
    assert.deepStrictEqual(credentialsInUrls(settings, ["https://user:kept@example.com/"]), pointers)
  })
})
