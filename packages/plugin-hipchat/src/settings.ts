import { Link } from "@tocsin/core"
import { Effect, Redacted, Schema, SchemaIssue, SchemaTransformation } from "effect"

const Url = Link.check(
  Schema.makeFilter(({ password, username }) => username === "" && password === "", {
    expected: "a URL without a user or a password in it"
  })
).annotateKey({
  title: "URL",
  description:
    "The room's notification URL, http or https, such as https://acme.hipchat.com/v2/room/42/notification. " +
    "The URL that HipChat shows for copying may be used as it is: auth_token is taken out of it and kept as the auth token."
})

/** Names of query parameters that suggest a credential, such as `token`, `access_token`, `apiKey` and `sig`. */
const credentialName =
  /bearer|session|token|secret|passw(?:or)?d|passphrase|pwd|credential|signature|cookie|authorization|jwt|api[-_. ]?key|(?:^|[-_. ])(?:pass|sig|key|auth|code|pw|sid)$|(?:access|private|routing|secret)[-_. ]?key/i

/** A token that an HTTP header can carry. */
const Token = Schema.String.check(Schema.isPattern(/^[!-~]+$/u, { expected: "a token, without spaces" }))

const authToken = {
  title: "Auth token",
  description:
    "The room's auth token, sent as a Bearer token. Required unless the URL carries it as auth_token; " +
    "if both are given, the URL's is used."
}

/** The settings as they are entered: the token is beside the URL, in it, or both. */
const Entered = Schema.Struct({
  url: Url,
  authToken: Schema.optionalKey(Schema.Redacted(Token)).annotateKey(authToken)
})

/** The room's URL and its token. The decoded URL never contains the token. */
export const settings = Entered.pipe(
  Schema.decodeTo(
    Schema.Struct({ url: Url, authToken: Schema.Redacted(Token).annotateKey(authToken) }),
    SchemaTransformation.transformEffect({
      decode: ({ authToken, url: entered }, options) => {
        const token = tokenIn(entered)
        if (token !== null && token !== "" && !Schema.is(Token)(token)) {
          const issue = new SchemaIssue.InvalidValue({ expected: "an auth_token without spaces" }, undefined, options)
          return Effect.fail(new SchemaIssue.Pointer(["url"], issue))
        }
        const url = withoutToken(entered)
        if (parametersIn(url).some(mayBeCredential)) {
          const issue = new SchemaIssue.InvalidValue({ expected: withoutCredentials }, undefined, options)
          return Effect.fail(new SchemaIssue.Pointer(["url"], issue))
        }
        const used = token ? Redacted.make(token) : authToken
        if (used === undefined) {
          const issue = new SchemaIssue.MissingKey({
            messageMissingKey: "Expected the room's auth token, here or as auth_token in the URL"
          })
          return Effect.fail(new SchemaIssue.Pointer(["authToken"], issue))
        }
        return Effect.succeed({ url, authToken: used })
      },
      encode: Effect.succeed
    })
  )
)

const withoutCredentials =
  "a URL whose query contains no credential except auth_token, and whose fragment contains none, because answers show the URL: remove parameters such as token, key or password, and values of more than 8 characters, and enter the token as the auth token"

/** All parameters, including those in the fragment, where people and single-page applications put some. */
const parametersIn = ({ hash, search }: URL): ReadonlyArray<readonly [name: string, value: string]> =>
  `${search}${hash}`.split(/[#?;/]/).flatMap((part) => [...new URLSearchParams(part)])

/** A value of at most 8 letters and digits, such as the number of a room, guards nothing, whatever its name. */
const mayBeCredential = ([name, value]: readonly [name: string, value: string]): boolean =>
  credentialName.test(name) || !/^[\w .-]{0,8}$/.test(value)

/** HipChat writes `auth_token`; a bridge may read any case. */
const isAuthToken = (name: string): boolean => name.toLowerCase() === "auth_token"

const tokenIn = ({ searchParams }: URL): string | null =>
  [...searchParams].find(([name]) => isAuthToken(name))?.[1] ?? null

/** Removes the token and leaves the rest of the query as it was written. */
const withoutToken = (entered: URL): URL => {
  const url = new URL(entered)
  url.search = url.search
    .slice(1)
    .split("&")
    .filter((part) => ![...new URLSearchParams(part).keys()].some(isAuthToken))
    .join("&")
  return url
}
