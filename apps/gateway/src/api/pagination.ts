/** The `next` of a page, if there is one, and whether there are more than its `total`. */
export const next = ({
  more = false,
  next
}: {
  readonly more?: boolean
  readonly next: number | undefined
}): { readonly next?: string; readonly more?: true } => ({
  ...(more && { more }),
  ...(next !== undefined && { next: String(next) })
})

/** One page of a short list, which is read as a whole, in the order in which its items were made. */
export const pageOf = <Item extends { readonly sequence: number }>(
  items: ReadonlyArray<Item>,
  { after = 0, limit = 100 }: { readonly after?: number; readonly limit?: number }
) => {
  const left = items.filter(({ sequence }) => sequence > after)
  const page = left.slice(0, limit)
  return {
    items: page,
    total: items.length,
    ...next({ next: left.length > limit ? page.at(-1)?.sequence : undefined })
  }
}
