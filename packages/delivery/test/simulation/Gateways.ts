/**
 * Several gateways on one store. Whoever is asked changes all the time, so that what one of them cached is changed by
 * another. None is killed here: a gateway that is to die loses its session instead, and its lanes with it.
 */
import { type Backups, Peers, Sqlite } from "@tocsin/delivery"
import { Context, Effect, Exit, Layer, Scope } from "effect"
import type { SqlClient } from "effect/sql"
import { Cluster } from "./Cluster.ts"
import type { AnyGateway } from "./Gateway.ts"
import { type Asked, Life, type Offered, type Surroundings } from "./Life.ts"
import { quiet } from "./VirtualClock.ts"

interface Running {
  life: Life
  cut: (milliseconds: number) => void
}

export class Gateways implements AnyGateway {
  readonly starts: Array<number> = []
  readonly wrong: Array<string> = []
  readonly #surroundings: Omit<Surroundings, "store" | "stored">
  readonly #scope = Scope.makeUnsafe()
  readonly #cluster: Cluster
  #stored: Context.Context<SqlClient.SqlClient | Backups | Peers> | undefined
  readonly #running: Array<Running> = []
  readonly #count: number
  #turn = 0

  constructor(surroundings: Omit<Surroundings, "store" | "stored">, count: number) {
    const { clock, dice } = surroundings
    this.#surroundings = surroundings
    this.#count = count
    this.#cluster = new Cluster(clock, dice, () => this.starts.push(clock.elapsed))
  }

  readonly start = Effect.suspend(() =>
    Effect.gen({ self: this }, function* () {
      this.#stored = yield* Effect.orDie(Layer.buildWithScope(Sqlite.layer(":memory:"), this.#scope))
      while (this.#running.length < this.#count) this.#running.push(yield* this.#born())
    })
  )

  readonly end = Effect.suspend(() => {
    for (const { life } of this.#running) life.die()
    return Scope.close(this.#scope, Exit.void)
  })

  dieAfter({ operations, pause }: { readonly operations: number; readonly pause: number }) {
    this.#running[operations % this.#count]?.cut(10_000 + pause)
  }

  readonly spare = Effect.suspend(() => this.pass(0))

  /** One of them stops in good order; after the pause another starts. */
  readonly restart = Effect.fnUntraced({ self: this }, function* (this: Gateways, pause: number) {
    const [first] = this.#running
    if (first === undefined) return
    const stopped = yield* this.answer(first.life.stop())
    if (stopped === undefined) this.wrong.push("a gateway does not stop")
    first.life.die()
    this.#running.shift()
    yield* this.pass(pause)
    this.#running.push(yield* this.#born())
  })

  readonly pass = Effect.fnUntraced({ self: this }, function* (this: Gateways, milliseconds: number) {
    const { clock, dice } = this.#surroundings
    const end = clock.elapsed + milliseconds
    do {
      yield* quiet
      for (const { life } of this.#running) {
        if (life.isDead) return yield* Effect.die(new Error("A fiber runs in circles"))
        life.rested()
      }
    } while (clock.next(end))
    if (milliseconds > 0) this.#turn = dice.int(0, this.#running.length - 1)
  })

  ask<A, E>(effect: Effect.Effect<A, E, Offered>): Asked<A, E> {
    return this.#running[this.#turn % this.#running.length]!.life.ask(effect)
  }

  answer<A, E>(asked: Asked<A, E>): Effect.Effect<Exit.Exit<A, E> | undefined> {
    return Effect.gen({ self: this }, function* () {
      yield* this.pass(0)
      for (let n = 0; asked.exit === undefined && n < 100; n++) yield* this.pass(1000)
      if (asked.exit === undefined) this.wrong.push("a request is never answered")
      return asked.exit
    })
  }

  read<A, E>(query: Effect.Effect<A, E, Offered>): Effect.Effect<A> {
    return Effect.flatMap(this.answer(this.ask(query)), (exit) =>
      exit === undefined ? Effect.die(new Error("a read is never answered")) : Effect.orDie(exit)
    )
  }

  /** Reads from each of them. */
  readEach<A, E>(query: Effect.Effect<A, E, Offered>): Effect.Effect<ReadonlyArray<A>> {
    return Effect.forEach(this.#running, ({ life }) =>
      Effect.flatMap(this.answer(life.ask(query)), (exit) => Effect.orDie(exit ?? Effect.die("never answered")))
    )
  }

  #born() {
    return Effect.gen({ self: this }, function* () {
      const { cut, peers } = this.#cluster.join()
      const stored = this.#stored && Context.add(this.#stored, Peers, peers)
      const life = new Life({ ...this.#surroundings, store: ":memory:", ...(stored && { stored }) })
      this.starts.push(this.#surroundings.clock.elapsed)
      yield* life.start
      return { life, cut }
    })
  }
}
