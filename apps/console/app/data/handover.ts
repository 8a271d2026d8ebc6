/**
 * What the first-rows script leaves to the application: the answer that it has read, and the keys that were pressed
 * before the application was there.
 */
export interface Handover {
  /** The address that was read, with its parameters in alphabetical order. */
  readonly url: string
  /** The answer, not yet consumed; undefined unless it was 200. */
  readonly answer: Promise<Response | undefined>
  /** Whether the rows of the answer are on screen. */
  isDrawn: boolean
  readonly keys: Array<KeyboardEventInit>
}

declare global {
  var tocsinHandover: Handover | undefined
}

/** The cookie with what the gateway must know of a browser to draw its first rows. It is no secret. */
export const readerCookie = "tocsin_reader"

/** An address of the API with its parameters in alphabetical order. */
export const sorted = (url: URL): string => {
  const parameters = new URLSearchParams(url.search)
  parameters.sort()
  return `${url.pathname}?${parameters}`
}

let isTaken = false

/** The answer that was read before the application was there, once, if it is of this request. */
export const fetchOnce: typeof fetch = async (input, init) => {
  const handover = globalThis.tocsinHandover
  if (handover !== undefined && !isTaken && (init?.method ?? "GET") === "GET") {
    const url = input instanceof Request ? input.url : input
    if (sorted(new URL(url, location.origin)) === handover.url) {
      isTaken = true
      const answer = await handover.answer
      if (answer !== undefined) return answer
    }
  }
  return fetch(input, init)
}
