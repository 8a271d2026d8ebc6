import type { Severity } from "@tocsin/core"

const words: { readonly [S in Severity]: string } = {
  critical: "critical crit fatal emergency emerg disaster page p1 sev0",
  major: "major error err high alert average p2 sev1",
  minor: "minor warning warn medium moderate p3 sev2",
  info: "info information informational notice low ok none debug verbose p4 p5 sev3 sev4"
}

const severities = new Map(
  (["critical", "major", "minor", "info"] as const).flatMap((severity) =>
    words[severity].split(" ").map((word) => [word, severity] as const)
  )
)

/** The severity that a word of any of the formats stands for, in any case of letters; undefined if it is not known. */
export const severityOf = (stated: string | undefined): Severity | undefined =>
  stated === undefined ? undefined : severities.get(stated.trim().toLowerCase())
