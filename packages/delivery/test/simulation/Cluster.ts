/**
 * What PostgreSQL does for several gateways, in virtual time and for a store that they share in this process: the lanes'
 * partitions are locked by one gateway each, and signals pass between them, late or never.
 */
import { type Change, ChangeKind } from "../../src/cluster/collectedChanges.ts"
import { type Handlers, Peers, type Signal } from "../../src/cluster/Peers.ts"
import { partitionCount } from "../../src/sql/locks.ts"
import { Effect, Queue } from "effect"
import type { Dice } from "./Dice.ts"
import type { VirtualClock } from "./VirtualClock.ts"

/** In milliseconds, and longer than the real ones, because each wakes a run. */
const pingInterval = 5000
const confirmedFor = 20_000
const pollInterval = 15_000

/** How many signals are lost. */
const lost = 0.1

class Member {
  readonly owned = new Set<number>()
  readonly signals = Effect.runSync(Queue.unbounded<ReadonlyArray<Signal>>())
  readonly changes = Effect.runSync(Queue.unbounded<ReadonlyArray<Change>>())
  confirmedAt = -Infinity
  /** Its session answers no more until then. */
  cutUntil = 0
}

export class Cluster {
  readonly #clock: VirtualClock
  readonly #dice: Dice
  readonly #moved: () => void
  readonly #members = new Set<Member>()

  /** `moved` is called whenever a gateway gains partitions. */
  constructor(clock: VirtualClock, dice: Dice, moved: () => void) {
    this.#clock = clock
    this.#dice = dice
    this.#moved = moved
  }

  /** The peers of one more gateway, and how to cut its session for some milliseconds. */
  join() {
    const member = new Member()
    const isConfirmed = () => this.#clock.elapsed - member.confirmedAt < confirmedFor
    const others = () => [...this.#members].filter((other) => other !== member)
    const arrives = () => !this.#dice.chance(lost)

    const balance = ({ gained, released }: Handlers) =>
      Effect.gen({ self: this }, function* () {
        member.confirmedAt = this.#clock.elapsed
        const share = Math.ceil(partitionCount / this.#members.size)
        const surplus = [...member.owned].slice(share)
        if (surplus.length > 0) {
          yield* released(surplus)
          surplus.forEach((partition) => member.owned.delete(partition))
        }
        const locked = new Set([...this.#members].flatMap(({ owned }) => [...owned]))
        const won = Array.from({ length: partitionCount }, (_, partition) => partition)
          .filter((partition) => !locked.has(partition))
          .slice(0, Math.max(0, share - member.owned.size))
        if (won.length === 0) return
        won.forEach((partition) => member.owned.add(partition))
        this.#moved()
        yield* gained(won)
      })

    const session = (handlers: Handlers) =>
      Effect.gen({ self: this }, function* () {
        while (this.#clock.elapsed < member.cutUntil) yield* Effect.sleep(pingInterval)
        this.#members.add(member)
        while (this.#clock.elapsed >= member.cutUntil) {
          yield* balance(handlers)
          yield* Effect.sleep(pingInterval)
        }
        // It finds out itself before its locks are gone.
        yield* Effect.sleep(confirmedFor)
      }).pipe(
        Effect.ensuring(
          Effect.suspend(() => {
            const gone = [...member.owned]
            member.owned.clear()
            member.confirmedAt = -Infinity
            this.#members.delete(member)
            return gone.length === 0 ? Effect.void : handlers.lost(gone)
          })
        )
      )

    const peers = Peers.of({
      own: (handlers) => Effect.forever(session(handlers)),
      isOwned: (partition) => member.owned.has(partition) && isConfirmed(),
      unowned: () =>
        isConfirmed() ? partitionCount - [...this.#members].reduce((sum, { owned }) => sum + owned.size, 0) : undefined,
      publish: (signals) =>
        Effect.sync(() => others().forEach((other) => arrives() && Queue.offerUnsafe(other.signals, signals))),
      subscribe: (receive, missed) =>
        Effect.andThen(missed, Effect.forever(Effect.flatMap(Queue.take(member.signals), receive))),
      publishChanges: (changes) =>
        Effect.sync(() => others().forEach((other) => Queue.offerUnsafe(other.changes, changes))),
      subscribeToChanges: (receive) =>
        Effect.andThen(
          receive(ChangeKind.literals.map((kind) => ({ kind }))),
          Effect.forever(Effect.flatMap(Queue.take(member.changes), receive))
        ),
      poll: (look) => Effect.forever(Effect.andThen(Effect.sleep(pollInterval), look)),
      many: true
    })
    return { peers, cut: (milliseconds: number) => void (member.cutUntil = this.#clock.elapsed + milliseconds) }
  }
}
