import { setFromDate } from "./clock.ts"
import { Failure, fromProblem } from "./failure.ts"
import { whileSignedIn } from "./whileSignedIn.ts"

/** An answer as it came. */
export interface Sent<Body> {
  readonly body: Body
  readonly etag: string | undefined
}

/**
 * Sends what was typed, whatever it is: the gateway alone says what is wrong with it. (The typed client would refuse to
 * send it.) The answer is taken as it came.
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
