import { QueryClient } from "@tanstack/react-query"
import { Failure } from "./failure.ts"
import type { Change } from "./live.ts"
import { paced } from "./paced.ts"

/** What was read stays true until the live stream says otherwise. */
export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: Infinity,
      networkMode: "always",
      refetchOnWindowFocus: false,
      refetchOnReconnect: false,
      retry: (_, error) => error instanceof Failure && error.isTemporary,
      retryDelay: (failures) => Math.min(8_000, 500 * 2 ** failures)
    },
    mutations: { networkMode: "always" }
  }
})

/** The queries that show something of each kind. A key begins with one of these names. */
const shownBy: { readonly [kind: string]: ReadonlyArray<string> } = {
  alert: ["alert", "counts"],
  delivery: ["deliveries", "alert", "lanes", "activity", "counts"],
  integration: ["integrations", "lanes", "alert"],
  rule: ["rules", "alert"],
  source: ["sources"],
  session: ["sessions"]
}

/** Reads again what shows any of these changes. */
export const refresh = (changes: ReadonlyArray<Change>): void => {
  const names = new Set(changes.flatMap(({ kind }) => shownBy[kind] ?? []))
  const alerts = new Set(changes.filter(({ kind }) => kind === "alert").map(({ id }) => id))
  const onlyAlerts = changes.every(({ id, kind }) => kind === "alert" && id !== undefined)
  for (const name of names) {
    // Deliveries do not name their alert: the one that is shown is read again. Of other alerts' changes it is not.
    if (name === "alert" && onlyAlerts) for (const id of alerts) refreshOne(["alert", id])
    else refreshOne([name])
  }
}

/** Reads again all that is shown. */
export const refreshAll = (): void => refreshOne([])

const readers = new Map<string, () => void>()

/** A query that is being read is not asked for anew but once more afterwards: in a storm it would never end. */
const refreshOne = (queryKey: ReadonlyArray<unknown>): void => {
  const name = JSON.stringify(queryKey)
  const known = readers.get(name)
  const reader =
    known ??
    paced(
      () => queryClient.invalidateQueries({ queryKey }, { cancelRefetch: false }),
      () => readers.delete(name)
    )
  readers.set(name, reader)
  reader()
}
