import { assert, describe, it } from "@effect/vitest"
import { type PageQuery, Pages, whole } from "../../app/data/Pages.ts"

const all = Array.from({ length: 250 }, (_, n) => ({ id: String(250 - n) }))

/** A list whose pages end early: none has more than 30 items. */
const page = ({ after, limit, order, skip = 0 }: PageQuery) => {
  const ordered = order === "oldest" ? all.toReversed() : all
  const from = after === undefined ? 0 : ordered.findIndex(({ id }) => id === String(after)) + 1
  const items = ordered.slice(from + skip, from + skip + Math.min(limit, 30))
  const last = items.at(-1)
  const isLast = last === undefined || last === ordered.at(-1)
  return Promise.resolve({ items, total: all.length, ...(!isLast && { next: last.id }) })
}

describe("Pages", () => {
  it("continues after a page that ends before its limit, from either end of the list", async () => {
    const pages = new Pages({ page: whole(page), one: () => Promise.resolve(undefined) })
    const shown = () => all.map((_, index) => pages.at(index)?.id)
    await new Promise<void>((resolve) => {
      pages.subscribe(() => {
        if (shown().every((id) => id !== undefined)) resolve()
      })
      void pages.restart().then(() => pages.show(0, all.length - 1))
    })
    assert.deepStrictEqual(
      shown(),
      all.map(({ id }) => id)
    )
  })
})
