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
