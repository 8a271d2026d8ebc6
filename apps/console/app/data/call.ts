import type { Effect } from "effect"
import type { Client, TimeOf } from "./client.ts"
import { whileSignedIn } from "./whileSignedIn.ts"

/** Imported at once, so that it loads in parallel with the page. */
const loaded = import("./client.ts")

/** Sends one request with the typed client, once the reader is signed in. */
export const call = async <A>(
  request: (client: Client, timeOf: TimeOf) => Effect.Effect<A, unknown>,
  signal?: AbortSignal
): Promise<A> => {
  const { run } = await loaded
  return whileSignedIn(() => run(request, signal), signal)
}
