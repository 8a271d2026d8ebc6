/**
 * A row of the table, and how measurements are compared.
 */
import { now, type StandIn } from "./standIn.ts"

/** How a row is run. */
export interface Run {
  /** A smoke test: small counts, one round, no judgement. */
  readonly quick: boolean
  /** Where to write a CPU profile of the gateway to, if one is wanted. */
  readonly profile: string | undefined
  readonly standIn: StandIn
}

/** One measured figure of a row. */
export interface Figure {
  readonly what: string
  /** One value for each round. */
  readonly values: ReadonlyArray<number>
  readonly unit: "x" | "ms" | "s" | "MiB" | "GiB" | "%" | "/s" | "rows"
  readonly goal?: { readonly atLeast: number } | { readonly atMost: number }
  /** What it was computed from, such as the rates of both sides. */
  readonly from?: string
}

/** A figure that could not be measured, and why. */
export interface Missing {
  readonly what: string
  readonly missing: string
}

/** A row of the table. */
export interface Row {
  readonly name: string
  readonly run: (run: Run) => Promise<ReadonlyArray<Figure | Missing>>
}

/** The median. */
export const median = (values: ReadonlyArray<number>): number => percentile(values, 0.5)

/** The value below which this part of the values is. */
export const percentile = (values: ReadonlyArray<number>, part: number): number => {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? NaN
}

/** Milliseconds after which no more than three rounds run. */
const enough = 60_000

/**
 * Measures all sides in turns, round by round, and returns each side's values. More than one round are preceded by a
 * warm-up round, and after a minute three are enough.
 */
export const alternate = async <Sides extends Readonly<Record<string, () => Promise<number>>>>(
  rounds: number,
  sides: Sides
): Promise<{ readonly [Name in keyof Sides]: ReadonlyArray<number> }> => {
  const turns = Object.entries(sides)
  const values = Object.fromEntries(turns.map(([name]) => [name, [] as Array<number>]))
  const began = now()
  for (let round = rounds > 1 ? 0 : 1; round <= rounds; round++) {
    if (round > 3 && now() - began > enough) break
    for (const [name, measure] of round % 2 === 0 ? turns : turns.toReversed()) {
      const value = await measure()
      if (round > 0) values[name]?.push(value)
    }
  }
  // `Object.entries` forgets the names.
  return values as { [Name in keyof Sides]: Array<number> }
}

/** Each round's value of one side divided by that of the other. */
export const ratios = (a: ReadonlyArray<number>, b: ReadonlyArray<number>): ReadonlyArray<number> =>
  a.map((value, round) => value / (b[round] ?? NaN))

/** The medians of some sides, in words. */
export const rates = (sides: Readonly<Record<string, ReadonlyArray<number>>>, unit: string): string =>
  Object.entries(sides)
    .map(([name, values]) => `${name} ${median(values).toFixed(median(values) < 20 ? 1 : 0)} ${unit}`)
    .join(", ")
