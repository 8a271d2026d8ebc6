import { Failure } from "./failure.ts"
import { signedIn } from "./signedIn.ts"

/**
 * Sends one request. If the session has ended, the page asks the reader to sign in, and then sends the request again,
 * so that typed values are not lost.
 */
export const whileSignedIn = async <A>(send: () => Promise<A>, signal?: AbortSignal): Promise<A> => {
  for (;;) {
    try {
      return await send()
    } catch (error) {
      if (!(error instanceof Failure) || error.kind !== "Unauthorized") throw error
      await signedIn.again(signal)
    }
  }
}
