import { QueryClient } from "@tanstack/react-query"
import { Failure } from "./failure.ts"
import type { Change } from "./live.ts"
import { paced } from "./paced.ts"

/** Answers stay valid until the live stream reports a change. */
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
  session: ["sessions", "keys"]
}

/** Reads the queries again that show any of these changes. */
export const refresh = (changes: ReadonlyArray<Change>): void => {
  const names = new Set(changes.flatMap(({ kind }) => shownBy[kind] ?? []))
  const alerts = new Set(changes.filter(({ kind }) => kind === "alert").map(({ id }) => id))
  const onlyAlerts = changes.every(({ id, kind }) => kind === "alert" && id !== undefined)
  for (const name of names) {
    // Changes of deliveries do not name their alert, so the shown alert is read again. Other alerts' changes do not
    // affect it.
    if (name === "alert" && onlyAlerts) for (const id of alerts) refreshOne(["alert", id])
    else refreshOne([name])
  }
}

/** Reads all visible queries again. */
export const refreshAll = (): void => refreshOne([])

const readers = new Map<string, () => void>()

/** A query that is being read is not restarted, but read once more afterwards: in a storm it would never end. */
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
