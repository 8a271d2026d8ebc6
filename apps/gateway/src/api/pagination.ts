/** The most bytes of JSON in one page: 4 MiB, unless its first item alone is longer. */
const maxPageBytes = 4 * 1024 * 1024

/** One page of a list, as the store returns it. */
interface Page {
  readonly items: ReadonlyArray<{ readonly sequence: number }>
  readonly total: number
  readonly more?: boolean
  readonly next: number | undefined
}

/** The `next` of a page, if there is one, and whether there are more than its `total`. */
export const next = ({
  more = false,
  next
}: Pick<Page, "more" | "next">): { readonly next?: string; readonly more?: true } => ({
  ...(more && { more }),
  ...(next !== undefined && { next: String(next) })
})

/** How many of the first items fit into 4 MiB of JSON; the first one always does. */
export const countThatFits = (items: ReadonlyArray<unknown>): number => {
  let bytes = 0
  const end = items.findIndex((item, n) => (bytes += Buffer.byteLength(JSON.stringify(item))) > maxPageBytes && n > 0)
  return end < 0 ? items.length : end
}

/**
 * The answer for a page: its items as JSON, up to 4 MiB of them. The next page begins with the first item that is left
 * out.
 */
export const boundedPage = <Json>(page: Page, items: ReadonlyArray<Json>) => {
  const end = countThatFits(items)
  return end === items.length
    ? { items, total: page.total, ...next(page) }
    : { items: items.slice(0, end), total: page.total, ...next({ ...page, next: page.items[end - 1]?.sequence }) }
}

/** Up to 4 MiB of a list without another limit. `after` is the number of items on the previous pages. */
export const boundedList = <Json>(all: ReadonlyArray<Json>, after = 0) => {
  const items = all.slice(after)
  return boundedPage(
    { items: items.map((_, n) => ({ sequence: after + n + 1 })), total: all.length, next: undefined },
    items
  )
}

/** One page of a short list, which is read as a whole, in the order of creation. */
export const pageOf = <Item extends { readonly sequence: number }>(
  items: ReadonlyArray<Item>,
  { after = 0, limit = 100 }: { readonly after?: number; readonly limit?: number }
) => {
  const left = items.filter(({ sequence }) => sequence > after)
  const page = left.slice(0, limit)
  return { items: page, total: items.length, next: left.length > limit ? page.at(-1)?.sequence : undefined }
}
