import { InvalidRequest } from "@tocsin/client"
import { cut } from "@tocsin/core"
import { type InvalidInput, maxErrors } from "@tocsin/delivery"

/** The longest segment of a path in an answer, in UTF-16 units: names of fields are the sender's. */
const maxSegment = 200
/** The longest text of an answer. */
const maxText = 500
/** The most bytes of the errors in an answer; `detail` repeats three of them at most. */
const maxBytes = 44 * 1024

/** The problem document of input that cannot be taken: at most 64 KiB, whatever the names of its fields are. */
export const toInvalidRequest = ({ errors: all }: InvalidInput): InvalidRequest => {
  const errors = fitting(all.slice(0, maxErrors).map(shortened))
  return new InvalidRequest({
    detail: [
      ...errors.slice(0, 3).map(({ message, path }) => (path === "" ? message : `${cut(path, maxText)}: ${message}`)),
      ...(all.length > maxErrors
        ? [`There are more than ${maxErrors} errors; the first are listed`]
        : errors.length < all.length
          ? ["There are more errors; the first are listed"]
          : [])
    ].join("; "),
    errors
  })
}

type Part = InvalidInput["errors"][number]

const shortened = ({ expected, message, path }: Part): Part => ({
  path: path
    .split("/")
    .map((segment) => cut(segment, maxSegment))
    .join("/"),
  expected: cut(expected, maxText),
  message: cut(message, maxText)
})

/** The first errors, as many as fit; at least one. */
const fitting = (errors: ReadonlyArray<Part>): ReadonlyArray<Part> => {
  let bytes = 0
  const end = errors.findIndex((error, index) => {
    bytes += Buffer.byteLength(JSON.stringify(error)) + 1
    return bytes > maxBytes && index > 0
  })
  return end === -1 ? errors : errors.slice(0, end)
}
