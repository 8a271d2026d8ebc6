/** A gateway that is started again whenever it dies, on a store that outlives it. */
import { Effect, Exit } from "effect"
import { DatabaseSync } from "node:sqlite"
import { type Asked, Life, type Offered, type Surroundings } from "./Life.ts"
import { quiet } from "./VirtualClock.ts"

/** A process does not start at once; so a gateway that dies again and again takes time, too. */
const startTime = 500

let stores = 0

/** One gateway, or several that look like one to the script. */
export type AnyGateway = Pick<
  Gateway,
  | "starts"
  | "wrong"
  | "start"
  | "end"
  | "dieAfter"
  | "spare"
  | "restart"
  | "pass"
  | "ask"
  | "answer"
  | "read"
  | "readEach"
>

export class Gateway {
  /** When it was started, in milliseconds since the run began. */
  readonly starts: Array<number> = []
  /** What went wrong in its lives. */
  readonly wrong: Array<string> = []
  #life: Life
  #pause = 0
  #again: number | undefined
  readonly #surroundings: Omit<Surroundings, "store" | "stored">
  readonly #store = `file:simulation-${stores++}?mode=memory&cache=shared`
  /** A store in memory lives for as long as somebody holds it. */
  readonly #anchor = new DatabaseSync(this.#store)

  constructor(surroundings: Omit<Surroundings, "store" | "stored">) {
    this.#surroundings = surroundings
    this.#life = this.#born()
  }

  readonly start: Effect.Effect<void> = Effect.suspend(() => {
    this.starts.push(this.#surroundings.clock.elapsed)
    return this.#life.start
  })

  readonly end = Effect.suspend(() => {
    this.#anchor.close()
    return this.#life.leave
  })

  /** It dies when its fibers have done so many operations more; `again`: and so many after the next start. */
  dieAfter({
    again,
    operations,
    pause
  }: {
    readonly operations: number
    readonly pause: number
    readonly again?: number
  }) {
    this.#pause = pause
    this.#again = again
    this.#life.dieAfter(operations)
  }

  /** It dies no more of what was decided before. */
  readonly spare = Effect.suspend(() => {
    this.#again = undefined
    this.#life.spare()
    return this.pass(0)
  })

  /** Stops in good order, and starts again. */
  readonly restart = Effect.fnUntraced({ self: this }, function* (this: Gateway, pause: number) {
    yield* this.answer(this.#life.stop())
    this.#pause = pause
    yield* this.#revive()
  })

  /** Lets time pass, with all that happens in it. */
  readonly pass = Effect.fnUntraced({ self: this }, function* (this: Gateway, milliseconds: number) {
    const { clock } = this.#surroundings
    const end = clock.elapsed + milliseconds
    do {
      yield* quiet
      if (this.#life.isDead) yield* this.#revive()
    } while (clock.next(end))
  })

  /** Asks who lives now, and goes on at once. */
  ask<A, E>(effect: Effect.Effect<A, E, Offered>): Asked<A, E> {
    return this.#life.ask(effect)
  }

  /** Waits for an answer; there is none if the gateway died. It lives again then. */
  answer<A, E>(asked: Asked<A, E>): Effect.Effect<Exit.Exit<A, E> | undefined> {
    return Effect.gen({ self: this }, function* () {
      yield* this.pass(0)
      for (let n = 0; asked.exit === undefined && !asked.of.isDead && n < 100; n++) yield* this.pass(1000)
      if (asked.exit === undefined && !asked.of.isDead) this.wrong.push("a request is never answered")
      return asked.exit
    })
  }

  /** Reads until there is an answer. */
  read<A, E>(query: Effect.Effect<A, E, Offered>): Effect.Effect<A> {
    return Effect.gen({ self: this }, function* () {
      for (;;) {
        const exit = yield* this.answer(this.ask(query))
        if (exit !== undefined) return yield* Effect.orDie(exit)
      }
    })
  }

  /** Reads from each gateway. */
  readEach<A, E>(query: Effect.Effect<A, E, Offered>): Effect.Effect<ReadonlyArray<A>> {
    return Effect.map(this.read(query), (answer) => [answer])
  }

  #born() {
    return new Life({ ...this.#surroundings, store: this.#store })
  }

  /** A new life on what the last one left, until one lives. */
  #revive(): Effect.Effect<void> {
    return Effect.gen({ self: this }, function* () {
      const { clock } = this.#surroundings
      do {
        if (this.#life.isEndless) this.wrong.push("a fiber runs in circles")
        yield* this.#life.leave
        clock.next(clock.elapsed + startTime + this.#pause)
        this.#life = this.#born()
        if (this.#again !== undefined) this.#life.dieAfter(this.#again)
        this.#again = undefined
        yield* this.start
      } while (this.#life.isDead)
    })
  }
}
