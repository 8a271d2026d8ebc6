/**
 * Requests to every route of the API's definition: right ones, and what is made
 * of them by spoiling their bodies, paths, queries, headers and methods.
 */
import { Arbitrary, Schema } from "effect"
import type { HttpApiEndpoint } from "effect/http-api"
import type { RawRequest } from "../harness/raw.ts"
import { routes } from "../harness/routes.ts"
import { canary, headers, ids, odd, queries, spoil, values } from "./fuzzParts.ts"

/** A request in a form that can be printed; `toRaw` makes it one that can be sent. */
export interface FuzzRequest {
  /** The route that it was made for, whatever became of its method and path. */
  readonly route: string
  readonly method: string
  readonly path: string
  readonly headers: { readonly [name: string]: string }
  readonly body: string
  readonly spoilt: keyof typeof spoil
  readonly inChunks: boolean
}

/** The request as it is sent. */
export const toRaw = ({ body, headers, inChunks, method, path, spoilt }: FuzzRequest): RawRequest => {
  const bytes = Buffer.from(spoil[spoilt](body))
  const half = Math.floor(bytes.length / 2)
  return { method, path, headers, body: inChunks ? [bytes.subarray(0, half), bytes.subarray(half)] : bytes }
}

/** Right bodies by their routes' paths, for what a schema alone does not make likely. */
export type Samples = (path: string) => ReadonlyArray<Schema.Json>

/** Any request. */
export const requests = (samples: Samples): Arbitrary.Arbitrary<FuzzRequest> =>
  Arbitrary.flatMap(
    pick([
      ...routes.map(({ endpoint, method, path }) => toRoute(method, path, bodies(endpoint, samples(path)))),
      ...["/openapi.json", "/docs", "/nowhere", "/"].map((path) => toRoute("GET", path, Arbitrary.Constant("")))
    ]),
    (request) => request
  )

const toRoute = (method: string, path: string, body: Arbitrary.Arbitrary<string>): Arbitrary.Arbitrary<FuzzRequest> =>
  Arbitrary.map(
    Arbitrary.all({
      method: mostly(method, methods, 12),
      segments: Arbitrary.all(path.slice(1).split("/").map(segment)),
      query: Arbitrary.array(pick(queries), { maxLength: 3 }),
      headers: Arbitrary.array(mostly({}, headers, 3), { maxLength: 3 }),
      body,
      spoilt: mostly("not", Object.keys(spoil) as Array<keyof typeof spoil>),
      inChunks: Arbitrary.schema(Schema.Boolean)
    }),
    ({ headers, query, segments, ...request }) => ({
      ...request,
      route: `${method} ${path}`,
      path: `/${segments.join("/")}${query.length > 0 ? `?${query.join("&")}` : ""}`,
      headers: Object.assign({}, ...headers)
    })
  )

const segment = (part: string): Arbitrary.Arbitrary<string> =>
  part.startsWith(":")
    ? Arbitrary.flatMap(pick([pick(odd), ...(ids[part] ?? []).map(Arbitrary.Constant)]), (id) => id)
    : Arbitrary.flatMap(mostly(Arbitrary.Constant(part), [pick(odd)], 24), (part) => part)

const bodies = (endpoint: HttpApiEndpoint.Top, samples: ReadonlyArray<Schema.Json>): Arbitrary.Arbitrary<string> => {
  const anything = Arbitrary.schema(Schema.Json)
  const right = [...endpoint.payload.values()].flatMap(({ schemas }) => schemas.map(derived))
  if (right.length === 0) return mostly("", ["{}", "[", canary])
  const sample = samples.length > 0 ? [pick(samples)] : []
  const json = Arbitrary.flatMap(pick([...sample, ...sample, ...right, anything]), (json) => json)
  const value = Arbitrary.flatMap(pick([pick(values), anything]), (value) => value)
  const spoilt = Arbitrary.all({ place: Arbitrary.schema(Schema.Natural), value })
  const spoils = Arbitrary.flatMap(pick([0, 3]), (maxLength) => Arbitrary.array(spoilt, { maxLength }))
  return Arbitrary.map(Arbitrary.all({ json, spoils }), ({ json, spoils }) =>
    JSON.stringify(spoils.reduce((json, { place, value }) => replaced(json, place, value), json))
  )
}

const methods = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "PROPFIND"]

/** Bodies as the route's own schema allows them. */
const derived = (schema: Schema.Top): Arbitrary.Arbitrary<Schema.Json> => {
  const encode = Schema.encodeUnknownSync(schema as Schema.Codec<unknown, Schema.Json>)
  return Arbitrary.map(Arbitrary.schema(schema), (value) => encode(value))
}

/** The JSON with the part at some place replaced, or one more field or item there. */
const replaced = (json: Schema.Json, place: number, value: Schema.Json): Schema.Json => {
  if (typeof json !== "object" || json === null) return value
  const entries = Object.entries(json)
  const [key, inner] = entries[place % (entries.length + 1)] ?? [`more${place}`, undefined]
  const rest = Math.floor(place / (entries.length + 1))
  const part = inner === undefined || rest % 2 === 0 ? value : replaced(inner, rest >> 1, value)
  if (Array.isArray(json)) return [...json.slice(0, Number(key) || 0), part, ...json.slice((Number(key) || 0) + 1)]
  return Object.fromEntries([...entries.filter(([name]) => name !== key), [key, part]])
}

const pick = <A>(values: ReadonlyArray<A>): Arbitrary.Arbitrary<A> =>
  Arbitrary.map(Arbitrary.schema(Schema.Literals(values.map((_, n) => n))), (n) => values[n] as A)

/** The usual thing but for one time in so many. */
const mostly = <A>(usual: A, others: ReadonlyArray<A>, oneIn = 6): Arbitrary.Arbitrary<A> =>
  Arbitrary.flatMap(pick(Array.from({ length: oneIn }, (_, n) => n)), (n) =>
    n > 0 ? Arbitrary.Constant(usual) : pick(others)
  )
