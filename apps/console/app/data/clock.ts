/** How far this browser's clock is behind the gateway's, in milliseconds; 0 until the first answer. */
let offset = 0

/** The gateway's clock: a browser's own may be wrong. */
export const now = (): number => Date.now() + offset

/** Sets the gateway's time from the `Date` of an answer, which has whole seconds. */
export const setFromDate = (date: string | undefined): void => {
  const stated = date === undefined ? Number.NaN : Date.parse(date)
  if (Number.isNaN(stated)) return
  const difference = stated + 500 - Date.now()
  offset = Math.abs(difference) < 5000 ? 0 : difference
}
