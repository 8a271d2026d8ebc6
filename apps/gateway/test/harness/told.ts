/**
 * What the stand-ins were told, counted.
 */

/** Of how many alerts a message speaks, as it is shown: a digest of as many as its headline says. */
export const alertsIn = (shown: string): number =>
  Number(/([\d,]+) alerts: [\d,]+ (?:raised|cleared)/.exec(shown)?.[1]?.replaceAll(",", "") ?? 1)
