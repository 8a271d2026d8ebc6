import { maxLabelLength, maxLabels } from "./InboundLimits.ts"
import { cut } from "./text.ts"

/** Limits labels: cuts names and values, and replaces the labels beyond the limit by `labelsOmitted`, their number. */
export const cutLabels = (
  all: ReadonlyArray<readonly [name: string, value: string]>
): { readonly [name: string]: string } => {
  const kept = all.length > maxLabels ? all.slice(0, maxLabels - 1) : all
  const omitted = all.length - kept.length
  return Object.fromEntries([
    ...kept.map(([name, value]) => [cut(name, maxLabelLength), cut(value, maxLabelLength)]),
    ...(omitted > 0 ? [["labelsOmitted", String(omitted)]] : [])
  ])
}
