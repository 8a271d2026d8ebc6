/**
 * Lets objects of statements be collected soon. Effect's compilers cache what they compile in a `WeakMap`, by the statement.
 * Nearly every statement is executed once here, and V8 keeps the values of a `WeakMap` until it collects the whole heap:
 * its frequent collections of new objects would copy all that statements were given, twice.
 */
import type { SqlClient } from "effect/sql"

/** Makes a client that caches no compiled statements of this one. */
export const compileAnew = <Client extends SqlClient.SqlClient>(client: Client): Client => {
  // Neither the caches nor a statement's compiler are public.
  const { compiler } = client`` as unknown as { readonly compiler: object }
  Object.assign(compiler, { statementCache: nothing, statementCacheNoTransform: nothing })
  return client
}

const nothing = { get: () => undefined, set: () => undefined }
