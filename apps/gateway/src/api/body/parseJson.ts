import { InboundLimits } from "@tocsin/core"
import { invalid, pointer } from "@tocsin/delivery"
import { place } from "./place.ts"
import { Strings } from "./Strings.ts"

/** Options of the parser. */
export interface JsonOptions {
  /** The most values: the whole, elements of arrays, and fields. */
  readonly maxValues: number
  /** How to handle a field that an object has twice: `refuse` it, or use the `last`, like `JSON.parse`. */
  readonly repeated: "refuse" | "last"
  /** Converts a number from its text. */
  readonly number: (written: string) => unknown
}

/** Parsed JSON. */
export interface Json {
  readonly value: unknown
  /** Whether a text contained NUL or half a surrogate pair, which no store accepts. U+FFFD replaces it. */
  readonly isCorrected: boolean
  /** Whether the text is so short that its value may be decoded at once. */
  readonly isShort?: boolean
}

/** The number of values after which parsing pauses. */
const pauseAfter = 1000

/** An object or array whose end has not been reached. */
type Container =
  | { readonly array: Array<unknown>; readonly object?: undefined }
  | { readonly object: Record<string, unknown>; readonly array?: undefined; size: number; name: string }

/**
 * Parses JSON like `JSON.parse`, with pauses in which other requests run. Throws an `InvalidInput` with the position of
 * the error, or with the limit that the text exceeds.
 */
export function* parseJson(text: string, { maxValues, number, repeated }: JsonOptions): Generator<void, Json> {
  const notJson = (at: number) => invalid("", "JSON", `The body is not JSON: ${place(text, at)}`)
  const strings = new Strings(text, notJson)
  /** The containers of the next value, the outermost first. */
  const containers: Array<Container> = []
  let at = 0
  let values = 0

  const skipSpace = () => {
    if (text.charCodeAt(at) > 0x20) return
    space.lastIndex = at
    space.test(text)
    at = space.lastIndex
  }
  /** Moves behind the character if it is next. */
  const takes = (character: string) => {
    skipSpace()
    if (text[at] !== character) return false
    at++
    return true
  }
  const open = (container: Container) => {
    if (containers.length === InboundLimits.maxDepth) throw tooDeep(place(text, at))
    containers.push(container)
    at++
    return container
  }
  const scalarValue = () => {
    scalar.lastIndex = at
    const [written] = scalar.exec(text) ?? []
    if (written === undefined) throw notJson(at)
    at += written.length
    return constants.has(written) ? constants.get(written) : number(written)
  }

  skipSpace()
  if (at === text.length) throw invalid("", "JSON", "The body is empty")
  for (;;) {
    if (++values > maxValues) throw tooMany(maxValues)
    if (values % pauseAfter === 0) yield
    skipSpace()
    let container = containers.at(-1)
    let isEmpty = true
    if (text[at] === "{") container = open({ object: {}, size: 0, name: "" })
    else if (text[at] === "[") container = open({ array: [] })
    else {
      isEmpty = false
      let value: unknown
      if (text[at] === '"') {
        while (!strings.read(at)) yield
        at = strings.end
        value = strings.value
      } else value = scalarValue()
      if (container === undefined) return end(value)
      put(container, value)
    }

    while (takes(container.array === undefined ? "}" : "]")) {
      containers.pop()
      const parent = containers.at(-1)
      if (parent === undefined) return end(container.array ?? container.object)
      put(parent, container.array ?? container.object)
      container = parent
      isEmpty = false
    }
    if (!isEmpty && !takes(",")) throw notJson(at)
    if (container.object !== undefined) {
      skipSpace()
      if (text[at] !== '"') throw notJson(at)
      while (!strings.read(at)) yield
      at = strings.end
      container.name = strings.value
      if (repeated === "refuse" && Object.hasOwn(container.object, container.name)) throw twice(pathOf(containers))
      if (++container.size > InboundLimits.maxFields) throw tooManyFields(pathOf(containers.slice(0, -1)))
      if (!takes(":")) throw notJson(at)
    }
  }

  function end(value: unknown): Json {
    skipSpace()
    if (at < text.length) throw notJson(at)
    return { value, isCorrected: strings.isCorrected }
  }
}

const space = /[ \t\n\r]*/y
const scalar = /true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
const constants = new Map<string, unknown>([
  ["true", true],
  ["false", false],
  ["null", null]
])

const put = (container: Container, value: unknown): void => {
  if (container.array !== undefined) container.array.push(value)
  else if (container.name !== "__proto__") container.object[container.name] = value
  else Object.defineProperty(container.object, container.name, { value, ...plain })
}

/** A property as an assignment makes it; an assignment to `__proto__` would set the prototype. */
const plain = { configurable: true, enumerable: true, writable: true }

/** The path of the next value. */
const pathOf = (containers: ReadonlyArray<Container>) =>
  pointer(
    containers.map((container) => (container.array === undefined ? container.name : String(container.array.length)))
  )

const tooMany = (most: number) => invalid("", `at most ${most} values`, `The body has more than ${most} values`)

const tooManyFields = (path: string) => invalid(path, `an object of at most ${InboundLimits.maxFields} fields`)

const twice = (path: string) => invalid(path, "each field once", "The object has this field twice")

const tooDeep = (place: string) =>
  invalid(
    "",
    `at most ${InboundLimits.maxDepth} levels of nesting`,
    `The body is nested more than ${InboundLimits.maxDepth} levels deep at ${place}`
  )
