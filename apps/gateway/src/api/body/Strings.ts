/** Reads the strings of a JSON text. */
export class Strings {
  /** The string that was read last. */
  value = ""
  /** The place behind it. */
  end = 0
  /** Whether a string contained NUL or half a surrogate pair, which no store accepts. U+FFFD replaces it. */
  isCorrected = false

  readonly #text: string
  readonly #notJson: (at: number) => Error
  /** Where reading paused in a string; 0 if it did not. */
  #pausedAt = 0

  constructor(text: string, notJson: (at: number) => Error) {
    this.#text = text
    this.#notJson = notJson
  }

  /** Reads the string that starts here. Returns false to pause in a string with many escapes; the next call resumes. */
  read(start: number): boolean {
    const at = this.#pausedAt === 0 ? start + 1 : this.#pausedAt
    const end = behind(this.#text, at)
    if (this.#text[end] === '"') {
      this.#pausedAt = 0
      this.end = end + 1
      this.value = this.#valueOf(this.#text.slice(start, this.end))
      return true
    }
    if (end === at) throw this.#notJson(start)
    this.#pausedAt = end
    return false
  }

  #valueOf(written: string): string {
    if (!written.includes("\\")) return written.slice(1, -1)
    const value = String(JSON.parse(written))
    if (!mayBeUnstorable.test(written)) return value
    const storable = value.toWellFormed().replaceAll("\0", "\uFFFD")
    if (storable !== value) this.isCorrected = true
    return storable
  }
}

const behind = (text: string, at: number): number => {
  plain.lastIndex = at
  plain.test(text)
  if (text[plain.lastIndex] === '"') return plain.lastIndex
  some.lastIndex = at
  some.test(text)
  return some.lastIndex
}

/** Text without escapes: no quote, backslash or control character. */
const plain = /[ !#-[\]-\uffff]*/y

/** Characters and escapes; not more than 2,000 escapes, so that reading can pause. */
const some = /(?:[ !#-[\]-\uffff]+|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})){0,2000}/y

const mayBeUnstorable = /\\u(?:0000|d[89a-f])/i
