/**
 * What a row of the table is, and how measurements are compared.
 */
import type { StandIn } from "./standIn.ts"

/** How a row is run. */
export interface Run {
  /** A smoke: small counts, one round, nothing is judged. */
  readonly quick: boolean
  /** Where to write a CPU profile of the gateway to, if one is wanted. */
  readonly profile: string | undefined
  readonly standIn: StandIn
}

/** One measured figure of a row. */
export interface Figure {
  readonly what: string
  /** Of one round each. */
  readonly values: ReadonlyArray<number>
  readonly unit: "x" | "ms" | "s" | "MiB" | "%" | "/s"
  readonly goal?: { readonly atLeast: number } | { readonly atMost: number }
  /** What it was reckoned from, such as the rates of both sides. */
  readonly from?: string
}

/** What stands in the place of a figure that could not be measured, and why. */
export interface Missing {
  readonly what: string
  readonly missing: string
}

/** A row of the table. */
export interface Row {
  readonly name: string
  readonly run: (run: Run) => Promise<ReadonlyArray<Figure | Missing>>
}

/** The middle one. */
export const median = (values: ReadonlyArray<number>): number => percentile(values, 0.5)

/** The value below which such a part of them is. */
export const percentile = (values: ReadonlyArray<number>, part: number): number => {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? NaN
}

/** Measures all sides in turns, once to warm up, then in each round; gives each side's values. */
export const alternate = async <Name extends string>(
  rounds: number,
  sides: Readonly<Record<Name, () => Promise<number>>>
): Promise<Readonly<Record<Name, ReadonlyArray<number>>>> => {
  const turns = Object.entries<() => Promise<number>>(sides)
  const values = Object.fromEntries(turns.map(([name]) => [name, [] as Array<number>]))
  for (let round = 0; round <= rounds; round++) {
    for (const [name, measure] of round % 2 === 0 ? turns : turns.toReversed()) {
      const value = await measure()
      if (round > 0) values[name]?.push(value)
    }
  }
  // `Object.entries` forgets the names.
  return values as Record<Name, Array<number>>
}

/** Each round's value of one side by that of the other. */
export const ratios = (a: ReadonlyArray<number>, b: ReadonlyArray<number>): ReadonlyArray<number> =>
  a.map((value, round) => value / (b[round] ?? NaN))

/** The medians of some sides, in words. */
export const rates = (sides: Readonly<Record<string, ReadonlyArray<number>>>, unit: string): string =>
  Object.entries(sides)
    .map(([name, values]) => `${name} ${median(values).toFixed(median(values) < 20 ? 1 : 0)} ${unit}`)
    .join(", ")
