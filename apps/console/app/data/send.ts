import { setFromDate } from "./clock.ts"
import { Failure, fromProblem } from "./failure.ts"
import { whileSignedIn } from "./whileSignedIn.ts"

/** An answer without decoding. */
export interface Sent<Body> {
  readonly body: Body
  readonly etag: string | undefined
}

/**
 * Sends the typed values without checking them, because only the gateway validates. (The typed client would refuse to
 * send them.) Returns the answer without decoding it.
 */
export const send = <Body>(
  method: "POST" | "PUT",
  path: string,
  body: unknown,
  { etag, signal }: { readonly etag?: string | undefined; readonly signal?: AbortSignal } = {}
): Promise<Sent<Body>> =>
  whileSignedIn(async () => {
    const answer = await fetch(path, {
      method,
      headers: { "content-type": "application/json", ...(etag !== undefined && { "if-match": etag }) },
      body: JSON.stringify(body),
      ...(signal && { signal })
    }).catch((error: unknown) => {
      signal?.throwIfAborted()
      throw error instanceof TypeError ? new Failure("Unreachable", "Nothing was saved. Try it again.") : error
    })
    setFromDate(answer.headers.get("date") ?? undefined)
    const read: unknown = await answer.json().catch(() => undefined)
    if (!answer.ok) throw fromProblem(answer.status, read)
    return { body: read as Body, etag: answer.headers.get("etag") ?? undefined }
  }, signal)
