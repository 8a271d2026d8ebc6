/** The most texts that are cached. */
const most = 512

/** Longer texts are not cached, so that the cache stays below a few megabytes. */
const longest = 4096

/** Caches the last results of a function of texts. */
export const memoize = <A>(decode: (text: string) => A): ((text: string) => A) => {
  const known = new Map<string, A>()
  return (text) => {
    const before = known.get(text)
    if (before !== undefined) return before
    const value = decode(text)
    if (text.length > longest) return value
    const [oldest] = known.keys()
    if (oldest !== undefined && known.size >= most) known.delete(oldest)
    known.set(text, value)
    return value
  }
}
