import { assert, describe, it } from "@effect/vitest"
import { boundedList, countThatFits } from "../../src/api/pagination.ts"

const mebibyte = 1024 * 1024

describe("A list without a limit", () => {
  const items = Array.from({ length: 10 }, (_, n) => ({ n, text: "x".repeat(mebibyte) }))

  it("is whole where it has less than 4 MiB", () => {
    assert.deepStrictEqual(boundedList(items.slice(0, 3)), { items: items.slice(0, 3), total: 3 })
  })

  it("is read in pages of 4 MiB", () => {
    const found: Array<number> = []
    let after: number | undefined = 0
    while (after !== undefined) {
      const page: ReturnType<typeof boundedList<(typeof items)[number]>> = boundedList(items, after)
      assert.isBelow(JSON.stringify(page).length, 4 * mebibyte)
      assert.strictEqual(page.total, 10)
      found.push(...page.items.map(({ n }) => n))
      after = page.next === undefined ? undefined : Number(page.next)
    }
    assert.deepStrictEqual(
      found,
      items.map(({ n }) => n)
    )
  })

  it("has at least one item, however long", () => {
    const [item] = items
    assert.strictEqual(countThatFits([{ item, more: items }, item]), 1)
  })
})
