import { InvalidRequest } from "@tocsin/client"
import { type InvalidInput, maxErrors } from "@tocsin/delivery"

/** The problem document of invalid input. */
export const toInvalidRequest = ({ errors }: InvalidInput): InvalidRequest =>
  new InvalidRequest({
    detail: [
      ...errors.slice(0, 3).map(({ message, path }) => (path === "" ? message : `${path}: ${message}`)),
      ...(errors.length > maxErrors ? [`There are more than ${maxErrors} errors; the first are listed`] : [])
    ].join("; "),
    errors: errors.slice(0, maxErrors)
  })
