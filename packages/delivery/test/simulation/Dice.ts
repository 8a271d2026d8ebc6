import { Effect, Random } from "effect"

/** Seeded chance that plain code can ask. */
export class Dice {
  readonly random: typeof Random.Random.Service

  constructor(seed: string) {
    this.random = Effect.runSync(Random.withSeed(Random.Random, seed))
  }

  /** A whole number from `min` to `max`, both included. */
  int(min: number, max: number) {
    return min + Math.floor(this.random.nextDoubleUnsafe() * (max - min + 1))
  }

  chance(probability: number) {
    return this.random.nextDoubleUnsafe() < probability
  }

  pick<A>(options: readonly [A, ...ReadonlyArray<A>]): A {
    return options[this.int(0, options.length - 1)] ?? options[0]
  }

  /** Those of the items that chance leaves. */
  some<A>(items: ReadonlyArray<A>, probability: number): ReadonlyArray<A> {
    return items.filter(() => this.chance(probability))
  }
}
