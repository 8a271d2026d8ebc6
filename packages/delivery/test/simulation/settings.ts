/** Which seeds are run: the only place where the simulation reads the environment. */
import { inject } from "vitest"

const number = (name: string): number | undefined => {
  const text = process.env[name]
  if (text === undefined) return undefined
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 0) throw new Error(`${name} must be a whole number from 0`)
  return value
}

const only = number("TOCSIN_SEED")

/** `TOCSIN_SEED` runs that one; else `TOCSIN_SEEDS` of them, from 0 on: 25 in `pnpm test`, 250 in `pnpm test:all`. */
export const seeds: { readonly first: number; readonly count: number } =
  only === undefined
    ? { first: 0, count: number("TOCSIN_SEEDS") ?? (inject("breadth") === "all" ? 250 : 25) }
    : { first: only, count: 1 }

/** The command that runs one seed again. */
export const replay = (seed: number) => `TOCSIN_SEED=${seed} npx -y pnpm@12 test:simulate`
