/**
 * Counts the alerts in messages.
 */

/** The number of alerts in a message: for a digest, the number in its headline. */
export const alertsIn = (shown: string): number =>
  Number(/([\d,]+) alerts: [\d,]+ (?:raised|cleared)/.exec(shown)?.[1]?.replaceAll(",", "") ?? 1)
