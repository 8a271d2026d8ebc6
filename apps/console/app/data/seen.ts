/** Not a secret: a returning browser sees the frame of the page while its session is checked. */
const seen = "tocsin.seen"

/** Whether this browser was signed in before. */
export const wasHere = (): boolean => {
  try {
    return localStorage.getItem(seen) !== null
  } catch {
    return false
  }
}

/** Records that this browser is signed in. */
export const isHere = (): void => {
  try {
    localStorage.setItem(seen, "1")
  } catch {
    // Without storage every visit counts as the first.
  }
}
