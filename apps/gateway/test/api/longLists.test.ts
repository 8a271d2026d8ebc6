import { assert, describe, layer } from "@effect/vitest"
import { AlertSummary } from "@tocsin/client"
import { Effect, type Schema } from "effect"
import { ask, AlertDetails, listOf, UnreadableBody } from "../harness/answers.ts"
import { alert } from "../harness/posting.ts"
import { SharedHarness } from "../harness/gateway.ts"

const mebibyte = 1024 * 1024
const long = "x".repeat(4000)

/** Reads a list to its end, and checks each page. */
const pages = Effect.fnUntraced(function* <Item extends Schema.Codec<any, any>>(path: string, item: Item) {
  const found: Array<ReadonlyArray<Item["Type"]>> = []
  let next: string | undefined = ""
  while (next !== undefined) {
    const { as, text } = yield* ask(200, "GET", `${path}limit=500${next && `&after=${next}`}`)
    assert.notInclude(text, "sequence")
    assert.isBelow(text.length, 4.5 * mebibyte)
    const page: { readonly items: ReadonlyArray<Item["Type"]>; readonly next?: string } = as(listOf(item))
    assert.isNotEmpty(page.items)
    found.push(page.items)
    next = page.next
  }
  return found
})

describe("Lists of long items", () => {
  layer(SharedHarness.layer(), { excludeTestServices: true })((it) => {
    it.effect("lists alerts without their observations, in pages of 4 MiB", () =>
      Effect.gen(function* () {
        const observations = Array.from({ length: 900 }, (_, n) => ({ name: `${n}`, atStart: long }))
        for (let n = 0; n < 4; n++) yield* ask(202, "POST", "/v1/alerts", alert("wide", { id: `${n}`, observations }))
        for (const order of ["newest", "oldest"]) {
          for (const q of ["", "q=Disk+full&"]) {
            const found = yield* pages(`/v1/alerts?source=wide&order=${order}&${q}`, AlertSummary)
            const ids = found.flat().map(({ sourceId }) => sourceId)
            assert.deepStrictEqual(ids, order === "oldest" ? ["0", "1", "2", "3"] : ["3", "2", "1", "0"])
            assert.isAbove(found.length, 1)
          }
        }
        const { text } = yield* ask(200, "GET", "/v1/alerts?source=wide")
        assert.notInclude(text, "observations")
        const [first] = (yield* pages("/v1/alerts?source=wide&", AlertSummary)).flat()
        const whole = (yield* ask(200, "GET", `/v1/alerts/${first?.id}`)).as(AlertDetails)
        assert.lengthOf(whole.observations, 900)
      })
    )

    it.effect("ends a page of unreadable bodies at 4 MiB", () =>
      Effect.gen(function* () {
        const body = (n: number) => `{"number":${n},"text":"${"x".repeat(65_000)}"}`
        for (let n = 0; n < 80; n++) yield* ask(200, "POST", "/v1/sources/thousandeyes", body(n))
        const found = yield* pages("/v1/sources/unreadable?", UnreadableBody)
        const numbers = found.flat().map(({ body }) => Number(/"number":(\d+)/.exec(body)?.[1]))
        assert.deepStrictEqual(
          numbers,
          Array.from({ length: 80 }, (_, n) => 79 - n)
        )
        assert.isAbove(found.length, 1)
      })
    )
  })
})
