/** One error in the entered values: a JSON Pointer, and a sentence. */
export interface Wrong {
  readonly path: string
  readonly message: string
}

const titles = {
  InvalidRequest: "The gateway refused this",
  Unauthorized: "You are signed out",
  Forbidden: "The gateway refused this request",
  TooManyAttempts: "Too many wrong tokens",
  NotFound: "This no longer exists",
  Conflict: "This cannot be done now",
  PreconditionFailed: "Someone else edited this",
  TooLarge: "This is too large",
  UnsupportedMediaType: "The gateway cannot read this",
  StoreUnavailable: "The gateway cannot reach its store",
  Unreachable: "The gateway does not answer",
  Unknown: "Something went wrong"
} as const

export type FailureKind = keyof typeof titles

/** Why a request did not succeed, in words for the reader. */
export class Failure extends Error {
  readonly kind: FailureKind
  readonly detail: string | undefined
  readonly errors: ReadonlyArray<Wrong>

  constructor(kind: FailureKind, detail?: string, errors: ReadonlyArray<Wrong> = []) {
    super(titles[kind])
    this.kind = kind
    this.detail = detail
    this.errors = errors
  }

  /** Whether the same request may succeed later without anyone changing it. */
  get isTemporary(): boolean {
    return this.kind === "Unreachable" || this.kind === "StoreUnavailable" || this.kind === "TooManyAttempts"
  }
}

const advice: { readonly [K in FailureKind]?: string } = {
  StoreUnavailable: "Nothing was changed. The console tries again by itself.",
  Unreachable: "Nothing that you see is lost. The console tries again by itself.",
  Unknown: "Reload the page. If it happens again, the gateway's log says why."
}

/** Reads an error of the typed client. */
export const toFailure = (error: unknown): Failure => {
  if (error instanceof Failure) return error
  if (typeof error !== "object" || error === null || !("_tag" in error)) return new Failure("Unknown", advice.Unknown)
  const kind = String(error._tag)
  if (kind === "HttpClientError") return fromResponse(error)
  if (!Object.hasOwn(titles, kind)) return new Failure("Unknown", advice.Unknown)
  const known = kind as FailureKind
  const detail = "detail" in error && typeof error.detail === "string" ? error.detail : advice[known]
  return new Failure(known, detail, "errors" in error && Array.isArray(error.errors) ? error.errors : [])
}

/** The failure for an answer of a proxy in front of a gateway that is down. */
const fromResponse = (error: object): Failure => {
  const status = "response" in error ? statusOf(error.response) : undefined
  if (status === undefined || status === 502 || status === 504) return new Failure("Unreachable", advice.Unreachable)
  if (status === 503) return new Failure("StoreUnavailable", advice.StoreUnavailable)
  if (status === 401) return new Failure("Unauthorized")
  return new Failure("Unknown", `The gateway answered ${status}. ${advice.Unknown}`)
}

const statusOf = (response: unknown): number | undefined =>
  typeof response === "object" && response !== null && "status" in response && typeof response.status === "number"
    ? response.status
    : undefined

const kindOf = new Map<number, FailureKind>([
  [400, "InvalidRequest"],
  [401, "Unauthorized"],
  [403, "Forbidden"],
  [404, "NotFound"],
  [409, "Conflict"],
  [412, "PreconditionFailed"],
  [413, "TooLarge"],
  [429, "TooManyAttempts"],
  [503, "StoreUnavailable"]
])

/** Reads a problem document that the typed client has not read. */
export const fromProblem = (status: number, body: unknown): Failure => {
  if (status === 502 || status === 504) return new Failure("Unreachable", advice.Unreachable)
  const kind = kindOf.get(status) ?? "Unknown"
  return toFailure({ ...(typeof body === "object" && body), _tag: kind })
}
