interface Options {
  readonly count: number
  readonly estimateSize: () => number
}

/** The page has more above its list than so many rows. */
const above = 3

/** The rows that fit into the window, of which the list is only a part: the application draws some more. */
export const useVirtualizer = ({ count, estimateSize }: Options) => {
  const size = estimateSize()
  const rows = Math.min(count, Math.ceil(innerHeight / size) - above)
  return {
    getVirtualItems: () => Array.from({ length: rows }, (_, index) => ({ index, start: index * size })),
    getTotalSize: () => count * size,
    range: undefined,
    isScrolling: false
  }
}

export const defaultRangeExtractor = undefined
