import { useQuery } from "@tanstack/react-query"
import { lazy, Suspense, useEffect, useSyncExternalStore } from "react"
import { isHere, wasHere } from "../data/seen.ts"
import { sessionQuery } from "../data/session.ts"
import { signedIn } from "../data/signedIn.ts"
import { startLive } from "../data/start.ts"
import { Shell } from "./Shell.tsx"

const SignInPage = lazy(() => import("./SignIn.tsx").then(({ SignInPage }) => ({ default: SignInPage })))
const SignInDialog = lazy(() => import("./SignIn.tsx").then(({ SignInDialog }) => ({ default: SignInDialog })))

/** Asks for the token if one is needed; otherwise shows the page. */
export const Gate = () => {
  const { data: caller } = useQuery(sessionQuery)
  const isNeeded = useSyncExternalStore(signedIn.subscribe, signedIn.isNeeded)
  const isIn = caller?.signedInBy !== undefined

  useEffect(() => {
    if (!isIn) return
    startLive()
    isHere()
  }, [isIn])

  if (caller === undefined && !wasHere()) return null
  if (caller !== undefined && !isIn && !hasShown.shell) {
    return (
      <Suspense>
        <SignInPage caller={caller} />
      </Suspense>
    )
  }
  if (isIn) hasShown.shell = true
  return (
    <>
      <Shell />
      {(isNeeded || (caller !== undefined && !isIn)) && (
        <Suspense>
          <SignInDialog />
        </Suspense>
      )}
    </>
  )
}

/** Asks for the token in a dialog once a page has been shown, so that typed values are not lost. */
const hasShown = { shell: false }
