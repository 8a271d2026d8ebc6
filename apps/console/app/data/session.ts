import { queryOptions } from "@tanstack/react-query"
import { call } from "./call.ts"
import { toFailure } from "./failure.ts"
import { queryClient } from "./queryClient.ts"
import { signedIn } from "./signedIn.ts"

/** The caller as the gateway sees it. */
export const sessionQuery = queryOptions({
  queryKey: ["session"],
  queryFn: ({ signal }) => call((client) => client.session.get(), signal)
})

const others = "BroadcastChannel" in globalThis ? new BroadcastChannel("tocsin.session") : undefined

others?.addEventListener("message", ({ data }) => {
  if (data === "signedIn") void welcome()
  else location.reload()
})

const welcome = async (): Promise<void> => {
  await queryClient.invalidateQueries({ queryKey: sessionQuery.queryKey })
  signedIn.done()
}

/** Exchanges the token for a session. The browser keeps only the cookie, which no script can read. */
export const signIn = async (token: string): Promise<void> => {
  // The answer's Set-Cookie is for the browser alone: it cannot be read here.
  await call((client) => client.session.signIn({ payload: { token }, responseMode: "response-only" })).then(
    ({ status }) => {
      if (status >= 400) throw toFailure({ _tag: problems.get(status) ?? "Unknown" })
    }
  )
  others?.postMessage("signedIn")
  await welcome()
}

const problems = new Map([
  [400, "Unauthorized"],
  [401, "Unauthorized"],
  [403, "Forbidden"],
  [429, "TooManyAttempts"],
  [503, "StoreUnavailable"]
])

export const signOut = async (): Promise<void> => {
  await call((client) => client.session.signOut())
  others?.postMessage("signedOut")
  location.reload()
}
