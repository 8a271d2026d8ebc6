/**
 * What requests are spoilt with.
 */
import { types } from "../harness/sourceBodies.ts"
import { gzipSync } from "node:zlib"
import type { Schema } from "effect"

/** Stands wherever a secret may be; no problem document may repeat it. */
export const canary = "c4n4ry"

/** What may stand for a path's parameter; `known-alert` and `known-delivery` stand for ids that the gateway gave. */
export const ids: { readonly [parameter: string]: ReadonlyArray<string> } = {
  ":name": ["thousandeyes", ...types, "other"],
  ":id": ["room", "a", "known-alert", "known-delivery"]
}

/** What else may stand in a path. */
export const odd = [
  "preview",
  "unreadable",
  "",
  ".",
  "..",
  "%2e%2e",
  "%2f",
  "%00",
  "%ff",
  "%zz",
  "%",
  "%F0%9F%98%80",
  "a".repeat(64),
  "a".repeat(8000),
  "*",
  ":id",
  "a;b=c",
  "'",
  "__proto__",
  canary
]

const fields = [
  "limit",
  "after",
  "state",
  "source",
  "sourceId",
  "status",
  "integration",
  "alert",
  "since",
  "force",
  "q",
  "",
  "__proto__"
]
const fieldValues = [
  "",
  "1",
  "500",
  "-1",
  "0",
  "1.5",
  "1e99",
  "9007199254740993",
  "99999999999999999999",
  "NaN",
  "Infinity",
  "true",
  "raised",
  "pending",
  "open",
  "room",
  "2026-01-01T00:00:00Z",
  "2026-02-30T00:00:00Z",
  "-271821-04-20T00:00:00Z",
  "%00",
  "%ff",
  "%",
  "+",
  "a".repeat(2000),
  canary
]

/** Parts of a query. */
export const queries = fields.flatMap((field) => fieldValues.map((value) => `${field}=${value}`))

/** Headers beside those that every request has. */
export const headers: ReadonlyArray<{ readonly [name: string]: string }> = [
  ...[
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data",
    "x",
    ";",
    "application/json;charset=utf-16"
  ]
    .concat(["application/json; charset", "application/json; charset=UTF-8", "a".repeat(5000)])
    .map((type) => ({ "content-type": type })),
  ...["gzip", "br", "deflate", "identity", "", "gzip, gzip"].map((encoding) => ({ "content-encoding": encoding })),
  ...['"1"', "*", 'W/"1"', '"1", "2"', "", '"99999999999999999999"', canary].map((tag) => ({ "if-match": tag })),
  ...["bytes=0-1", "bytes=-1", "lines=1", ""].map((range) => ({ range })),
  ...["application/xml", "*/*;q=0", ""].map((accept) => ({ accept })),
  ...["", "Bearer", "Bearer x", `Basic ${canary}`, "Basic OmZ1eno=", "Digest x"].map((authorization) => ({
    authorization
  })),
  ...["", "00-0-0-00", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"].map((traceparent) => ({
    traceparent
  })),
  { b3: "1-2-3" },
  { cookie: "a=b; __proto__=x; %=%" },
  { origin: "http://evil.example" },
  { host: "evil.example" },
  { "x-forwarded-for": canary },
  { "x-http-method-override": "DELETE" },
  { connection: "Upgrade", upgrade: "websocket" },
  { expect: "100-continue" }
]

const nested = (depth: number): Schema.Json => (depth === 0 ? [] : [nested(depth - 1)])

/** What a part of a body is replaced by. */
export const values: ReadonlyArray<Schema.Json> = [
  null,
  true,
  false,
  0,
  -0,
  -1,
  1.5,
  1e21,
  2 ** 53,
  5e-324,
  "",
  " ",
  canary,
  "x".repeat(5000),
  "\u0000",
  "\ud800",
  "\u202e😀\u0301\u200d",
  "*".repeat(300),
  "..",
  "constructor",
  "<!channel> <b>&amp;</b> ```",
  "2026-02-30T00:00:00Z",
  "2026-01-15T02:00:00",
  "9999-12-31 23:59:59 XYZ",
  "javascript:alert(1)",
  "http://127.0.0.1:1/",
  [],
  {},
  nested(31),
  nested(40),
  Array.from({ length: 2000 }, () => 0),
  Array.from({ length: 70 }, (_, n) => ({ name: `${n}` })),
  Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`label${n}`, `${n}`])),
  JSON.parse(`{"__proto__": {"state": "${canary}"}, "constructor": {"prototype": 1}}`)
]

/** What is made of a whole body. */
export const spoil = {
  not: (body: string) => body,
  cutOff: (body: string) => body.slice(0, body.length / 2),
  withMark: (body: string) => `\uFEFF${body}`,
  goingOn: (body: string) => `${body}${canary}`,
  withRepeats: (body: string) => body.replace("{", '{"id": "a", "id": "b", '),
  withInfinity: (body: string) => body.replace(/:/, ': 1e999, "x":'),
  withComment: (body: string) => `/* ${canary} */${body}`,
  withNul: (body: string) => `${body}\0`,
  notUtf8: (body: string) =>
    Buffer.concat([Buffer.from(body.slice(0, 3)), Buffer.from([0xc3, 0x28]), Buffer.from(body.slice(3))]),
  utf16: (body: string) => Buffer.from(body, "utf16le"),
  compressed: (body: string) => gzipSync(body),
  deep: () => "[".repeat(100_000),
  deepObjects: () => '{"a":'.repeat(50_000),
  long: (body: string) => body.padEnd(4 * 1024 * 1024 + 1),
  empty: () => ""
} satisfies { readonly [name: string]: (body: string) => string | Buffer }
