/**
 * Posts alerts.
 */
import { Agent, type Dispatcher } from "undici"
import { now } from "./standIn.ts"

const agent = new Agent({ connections: 64, keepAliveTimeout: 60_000, bodyTimeout: 60_000, headersTimeout: 60_000 })

/** Sends JSON and returns the answer's JSON; fails unless the status is 2xx. */
export const send = async (method: Dispatcher.HttpMethod, url: string, body?: unknown): Promise<unknown> => {
  const { body: answer, statusCode } = await agent.request({
    origin: new URL(url).origin,
    path: new URL(url).pathname + new URL(url).search,
    method,
    headers: { "content-type": "application/json" },
    ...(body !== undefined && { body: JSON.stringify(body) })
  })
  const text = await answer.text()
  if (statusCode >= 300) throw new Error(`${method} ${url} answered ${statusCode}: ${text}`)
  return text === "" ? undefined : JSON.parse(text)
}

let last = 0
/** Numbers of alerts that no run has used. */
export const fresh = (count: number): ReadonlyArray<number> => Array.from({ length: count }, () => ++last)

/** The alert with this number, for `POST /v1/alerts`. */
export const alert = (number: number, more: object = {}) => ({
  source: "bench",
  id: `alert-${number}`,
  state: "raised",
  severity: "major",
  startedAt: "2026-01-01T00:00:00Z",
  rule: { name: "Latency above 200 ms", expression: "p99 > 200 ms" },
  test: { name: `bench-${number}` },
  observations: [
    { name: "Frankfurt", atStart: "240 ms" },
    { name: "Singapore", atStart: "310 ms" }
  ],
  ...more
})

/** The same in arrays of this size. */
export const inArrays = <A>(all: ReadonlyArray<A>, size: number): ReadonlyArray<ReadonlyArray<A>> =>
  Array.from({ length: Math.ceil(all.length / size) }, (_, n) => all.slice(n * size, (n + 1) * size))

/** Posts each body to the URL, this many at a time; returns when it began. */
export const post = (url: string, bodies: ReadonlyArray<unknown>, inFlight = 64): Promise<number> => {
  const { origin, pathname: path } = new URL(url)
  const texts = bodies.map((body) => JSON.stringify(body))
  const began = now()
  let next = 0
  let answered = 0
  return new Promise((resolve, reject) => {
    const one = () => {
      const body = texts[next++]
      if (body === undefined) return
      let status = 0
      agent.dispatch(
        { origin, path, method: "POST", headers: { "content-type": "application/json" }, body },
        {
          onRequestStart: () => {},
          onResponseStart: (_, code) => {
            status = code
          },
          onResponseData: () => {},
          onResponseEnd: () => {
            if (status >= 300) return reject(new Error(`${url} answered ${status}`))
            if (++answered === texts.length) resolve(began)
            one()
          },
          onResponseError: (_, error) => reject(error)
        }
      )
    }
    for (let n = 0; n < inFlight; n++) one()
  })
}

/** Closes the connections. */
export const close = () => agent.destroy()
