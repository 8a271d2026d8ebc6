/** Reads the first page of a list from the page or with `fetch` alone, and keeps the answer for the application. */
import { setFromDate } from "../data/clock.ts"
import { type Handover, sorted } from "../data/handover.ts"
import type { AlertRow } from "../data/queries.ts"

const kept = Promise.withResolvers<Response | undefined>()

export const handover: Handover & { url: string } = { url: "", answer: kept.promise, isDrawn: false, keys: [] }

/** A row as its JSON: times are texts. */
type RowJson = Omit<AlertRow, "clearedAt" | "startedAt"> & { readonly startedAt: string; readonly clearedAt?: string }

const moment = (time: string) => ({ epochMilliseconds: Date.parse(time) })

const row = ({ clearedAt, startedAt, ...alert }: RowJson) => ({
  ...alert,
  startedAt: moment(startedAt),
  ...(clearedAt !== undefined && { clearedAt: moment(clearedAt) })
})

interface Request {
  readonly query: { readonly [name: string]: string | number | ReadonlyArray<string> }
}

/** The answer that the gateway put into the page, if it is of this request. */
const inPage = (url: URL) => {
  const { dataset = {}, textContent = "" } = document.querySelector<HTMLScriptElement>("script[data-answer-of]") ?? {}
  return textContent !== "" && sorted(new URL(dataset["answerOf"] ?? "", url)) === sorted(url)
    ? {
        ok: true,
        headers: new Headers({ "content-type": "application/json", date: dataset["date"] ?? "" }),
        text: textContent
      }
    : undefined
}

const requested = async (url: URL) => {
  const answer = await fetch(url)
  return { ok: answer.ok, headers: answer.headers, text: await answer.text() }
}

const list = async ({ query }: Request) => {
  const url = new URL("/v1/alerts", location.origin)
  for (const [name, value] of Object.entries(query)) {
    for (const one of typeof value === "object" ? value : [value]) url.searchParams.append(name, `${one}`)
  }
  handover.url = sorted(url)
  const { headers, ok, text } = inPage(url) ?? (await requested(url))
  setFromDate(headers.get("date") ?? undefined)
  kept.resolve(ok ? new Response(text, { headers }) : undefined)
  if (!ok) throw new Error("The application reads this again, and says what is wrong")
  const page = JSON.parse(text)
  return { ...page, items: page.items.map(row) }
}

/** The only request that is made before the application is there. */
export const call = (request: (client: { readonly alerts: { readonly list: typeof list } }) => Promise<unknown>) =>
  request({ alerts: { list } })
