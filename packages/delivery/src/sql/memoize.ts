/** At most so many texts are remembered at once. */
const most = 512

/** Longer texts are not remembered, so that what is stays below a few megabytes. */
const longest = 4096

/** The same function of texts, which remembers the last values that it gave. */
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
