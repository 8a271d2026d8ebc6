import { Failure } from "./failure.ts"
import { signedIn } from "./signedIn.ts"

/**
 * Sends one request. When the session has ended meanwhile, the page asks the reader to sign in, and the request is sent
 * again: nothing that was typed is lost.
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
