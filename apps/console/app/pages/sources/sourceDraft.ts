import type { ConfiguredSourceRow } from "../../data/queries.ts"
import { type Field, fieldsOf, isObject, type Json, type JsonObject } from "../../forms/schema.ts"
import { severities } from "../../parts/Severity.tsx"

const kinds = ["token", "basic", "hmac", "urlToken"] as const

/** A kind of credential, by its field in the request. */
export type CredentialKind = (typeof kinds)[number]

/** What a source shows to be let in; `several` if more than one is stored, which the form leaves alone. */
export type Credential = CredentialKind | "none" | "several"

/** A source while it is edited. */
export interface Draft {
  readonly type: string
  readonly name: string
  /** The settings of the type, or its mapping. A text is JSON that is not complete yet. */
  readonly settings: Json
  readonly credential: Credential
  /** What was entered for each kind of credential. */
  readonly given: JsonObject
  /** Defaults, times and the rate limit, as one object for the form. */
  readonly more: JsonObject
}

export const emptyDraft: Draft = { type: "", name: "", settings: {}, credential: "none", given: {}, more: {} }

const secretOf: { readonly [Kind in CredentialKind]: string } = {
  token: "/token",
  basic: "/basic/password",
  hmac: "/hmac/secret",
  urlToken: "/urlToken"
}

const storedKinds = (stored: ConfiguredSourceRow | undefined): ReadonlyArray<CredentialKind> =>
  kinds.filter((kind) => stored?.secretsSet.includes(secretOf[kind]))

/** The field of the request that has the settings of a type. */
export const settingsField = (type: string): "mapping" | "settings" => (type === "json" ? "mapping" : "settings")

export const draftOf = (stored: ConfiguredSourceRow): Draft => {
  const { basic, defaults, expectEvery, expireAfter, hmac, name, rateLimit, type } = stored
  const [first = "none", second] = storedKinds(stored)
  const settings: unknown = stored[settingsField(type)]
  return {
    type,
    name,
    settings: isObject(settings) ? settings : {},
    credential: second === undefined ? first : "several",
    given: { ...(basic && { basic: { ...basic } }), ...(hmac && { hmac: { ...hmac } }) },
    more: {
      ...(defaults && { defaults: JSON.parse(JSON.stringify(defaults)) }),
      ...(expireAfter !== undefined && { expireAfter }),
      ...(expectEvery !== undefined && { expectEvery }),
      ...(rateLimit && { rateLimit: { ...rateLimit } })
    }
  }
}

/** The request. It is not checked here, because the gateway reports errors. */
export const payloadOf = (
  { credential, given, more, name, settings, type }: Draft,
  stored: ConfiguredSourceRow | undefined,
  hasSettings: boolean
): JsonObject => {
  const before = storedKinds(stored)
  const credentials: Record<string, Json> = {}
  if (credential !== "several") {
    for (const kind of kinds) {
      const entered = given[kind]
      if (kind !== credential) {
        if (before.includes(kind)) credentials[kind] = null
      } else if (entered !== undefined) credentials[kind] = entered
      // Nothing was entered, which the gateway then reports at the field.
      else if (!before.includes(kind)) credentials[kind] = kind === "token" || kind === "urlToken" ? "" : {}
    }
  }
  return { name, type, ...more, ...(hasSettings && { [settingsField(type)]: settings }), ...credentials }
}

/** The secret that was entered for the chosen credential. */
export const enteredSecret = ({ credential, given }: Draft): string | undefined => {
  if (credential === "none" || credential === "several") return undefined
  const own = given[credential]
  const secret = isObject(own) ? own[credential === "basic" ? "password" : "secret"] : own
  return typeof secret === "string" ? secret : undefined
}

/** The draft with a new random secret for its credential: 32 characters, which is all that some senders accept. */
export const withNewSecret = (draft: Draft): Draft => {
  const { credential, given } = draft
  if (credential === "none" || credential === "several") return draft
  const secret = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
    byte.toString(16).padStart(2, "0")
  ).join("")
  const own = given[credential]
  const field = credential === "basic" ? "password" : "secret"
  const isText = credential === "token" || credential === "urlToken"
  return {
    ...draft,
    given: { ...given, [credential]: isText ? secret : { ...(isObject(own) && own), [field]: secret } }
  }
}

const secret = (title: string, description?: string): JsonObject => ({
  type: "string",
  writeOnly: true,
  title,
  ...(description !== undefined && { description })
})

const text = (title: string, description?: string): JsonObject => ({
  type: "string",
  title,
  ...(description !== undefined && { description })
})

/** A form of one field, or of one group of fields. */
const only = (name: string, field: JsonObject): ReadonlyArray<Field> =>
  fieldsOf({ type: "object", properties: { [name]: field }, required: [name] })

/** The fields of each kind of credential. */
export const credentialFields: { readonly [Kind in CredentialKind]: ReadonlyArray<Field> } = {
  token: only("token", secret("Token", "16 to 512 characters without spaces. Sent as Authorization: Bearer.")),
  basic: only("basic", {
    type: "object",
    title: "User and password",
    properties: { user: text("User"), password: secret("Password", "16 to 512 characters.") },
    required: ["user", "password"]
  }),
  hmac: only("hmac", {
    type: "object",
    title: "Signature",
    properties: {
      secret: secret("Secret", "8 to 512 characters, as at the sender. It signs its bodies with HMAC-SHA256."),
      header: text("Header", "The header with the signature, as the sender names it."),
      timestampHeader: text("Timestamp header", "The header with the time, if the signature covers it.")
    },
    required: ["secret"]
  }),
  urlToken: only("urlToken", secret("Token in the URL", "16 to 512 letters, digits, _ and -."))
}

const whole = (title: string, description: string): JsonObject => ({ type: "integer", title, description })

/** The fields of what a source of any type can have, all of them in sight. */
export const moreFields: ReadonlyArray<Field> = fieldsOf({
  type: "object",
  properties: {
    defaults: {
      type: "object",
      title: "Defaults",
      description: "What alerts get that state none of their own.",
      properties: {
        severity: { enum: severities, title: "Severity" },
        labels: { type: "object", additionalProperties: { type: "string" }, title: "Labels" },
        timezone: text("Time zone", "Of times that state none, such as Europe/Berlin or +01:00. UTC if it is left out.")
      }
    },
    expireAfter: whole(
      "Expire after",
      "In seconds: an alert that is not repeated for this long is cleared as expired."
    ),
    expectEvery: whole(
      "Expect every",
      "In seconds: when nothing came for this long, an alert of the source tocsin is raised."
    ),
    rateLimit: {
      type: "object",
      title: "Rate limit",
      description: "How many requests each gateway accepts. Both or none.",
      properties: { messages: whole("Requests", "In each period."), perSeconds: whole("Period", "In seconds.") }
    }
  }
}).map((field) => ({ ...field, isRequired: true }))

/** Leaves out the groups in which nothing is entered. */
export const withoutEmpty = (more: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(more).filter(([, value]) => JSON.stringify(value) !== "{}"))

/** Whether the form shows the field of an error's pointer. */
export const isShown =
  ({ credential, type }: Draft, fields: ReadonlyArray<Field>) =>
  (path: string): boolean => {
    const [first = "", second] = path.split("/").slice(1)
    if (path === namePath) return true
    if (first === settingsField(type)) {
      return second === undefined || fields.some(({ name }) => name === "" || name === second)
    }
    return ["type", "name", "sample", credential, ...moreFields.map(({ name }) => name)].includes(first)
  }

/** Where the gateway reports a name that cannot be in a path. */
export const namePath = "params:/name"

/** What can be compared with another version: nothing that may contain a secret. */
export const versionOf = ({ credential, more, settings, type }: Draft): { readonly [title: string]: unknown } => ({
  Type: type,
  Credential: credential,
  ...(settingsField(type) === "mapping" && { Mapping: settings }),
  ...Object.fromEntries(moreFields.map(({ name, title }) => [title, more[name]]))
})
