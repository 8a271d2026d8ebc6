/**
 * Finds the raises that memory has as pending, although they have ended or were claimed.
 */
import type { DueDelivery } from "../../domain/attempt.ts"
import type { Remembered } from "../../records/AcceptedRaises.ts"

/**
 * The deliveries, of these, that are no longer due. `due` are the first that the store has, or all of them: of the raises
 * that come after the last one that it has, nothing is known otherwise.
 */
export const endedElsewhere = (
  deliveries: ReadonlyArray<string>,
  due: ReadonlyArray<Pick<DueDelivery, "id">>,
  { isAll, raises }: Pick<Remembered, "raises"> & { readonly isAll: boolean }
): ReadonlyArray<string> => {
  const isDue = new Set(due.map(({ id }) => id))
  const isReached = new Set<string>()
  let ahead = due.filter(({ id }) => raises.has(id)).length
  for (const id of raises.keys()) {
    if (!isAll && ahead === 0) break
    isReached.add(id)
    if (isDue.has(id)) ahead--
  }
  return deliveries.filter((id) => isReached.has(id) && !isDue.has(id))
}
