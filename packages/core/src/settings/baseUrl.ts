import { Schema } from "effect"
import { Link } from "../Alert.ts"

/**
 * The http or https URL of a service's API, to which a plugin appends its paths: without a user, a password, a query or a
 * fragment. It is no secret, and answers show it.
 */
export const BaseUrl = Link.check(
  Schema.makeFilter(
    ({ hash, href, password, search, username }) =>
      `${username}${password}${search}${hash}` === "" && !/[?#]/.test(href),
    { expected: "a URL without a user, a password, a query or a fragment" }
  )
)
