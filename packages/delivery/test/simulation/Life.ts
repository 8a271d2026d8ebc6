/**
 * One life of the gateway: the engine on the run's store, until it is stopped or
 * dies. A death is abrupt: from one operation of a fiber to the next, all of them
 * stand still for ever, no finalizer runs, and an open transaction is lost.
 */
import { Egress } from "@tocsin/core"
import { type Backups, Engine, Operators, type Peers, type PluginRegistry, Seal, Sqlite } from "@tocsin/delivery"
import { Cause, Clock, Context, Effect, Exit, Layer, Logger, Random, Scheduler, Scope } from "effect"
import { WebCrypto } from "effect/crypto"
import type { SqlClient } from "effect/sql"
import { createCipheriv, createDecipheriv, createHash } from "node:crypto"
import { Shortcuts } from "../../src/domain/Shortcuts.ts"
import type { Dice } from "./Dice.ts"
import { operators } from "./Services.ts"
import { quiet, type VirtualClock } from "./VirtualClock.ts"

/** What the engine offers, and its store. */
export type Offered = Engine.Engine | SqlClient.SqlClient

/** What was asked of a gateway, and its answer if one came. */
export interface Asked<A, E> {
  readonly of: Life
  exit?: Exit.Exit<A, E>
}

export interface Surroundings {
  readonly clock: VirtualClock
  readonly dice: Dice
  /** The name of the store, which is in memory and outlives the gateway. */
  readonly store: string
  /** The open store, if several gateways share one. */
  readonly stored?: Context.Context<SqlClient.SqlClient | Peers | Backups>
  readonly channels: (life: Life) => Layer.Layer<PluginRegistry>
  readonly log: (line: string) => void
  /** Whether its engine takes no shortcuts. */
  readonly isGeneral: boolean
}

/** More operations than that without time passing are a fiber that runs in circles. */
const endless = 3_000_000

export class Life {
  isDead = false
  /** Whether it ran in circles. */
  isEndless = false
  #operations = 0
  #diesAfter = Infinity
  #offered: Context.Context<Offered> | undefined
  readonly #surroundings: Surroundings
  readonly #clock: Clock.Clock
  readonly #context: Context.Context<never>
  readonly #scope = Scope.makeUnsafe()
  readonly #storeScope = Scope.makeUnsafe()

  constructor(surroundings: Surroundings) {
    const { clock, dice, isGeneral, log } = surroundings
    this.#surroundings = surroundings
    this.#clock = clock.make()
    this.#context = Context.make(Clock.Clock, this.#clock).pipe(
      Context.add(Random.Random, dice.random),
      Context.add(Scheduler.Scheduler, this.#scheduler()),
      Context.add(WebCrypto.WebCrypto, crypto(dice)),
      Context.add(Shortcuts, !isGeneral),
      Context.add(Logger.CurrentLoggers, new Set([logger(log)]))
    )
  }

  /** Starts the engine; it may die meanwhile. */
  readonly start = Effect.suspend(() => {
    const { channels, dice, store } = this.#surroundings
    return Effect.gen({ self: this }, function* () {
      const stored =
        this.#surroundings.stored ?? (yield* Effect.orDie(Layer.buildWithScope(Sqlite.layer(store), this.#storeScope)))
      const engine = Engine.layer.pipe(
        Layer.provideMerge([
          Layer.succeedContext(stored),
          channels(this),
          seal(dice),
          Layer.succeed(Operators, operators),
          Layer.succeed(Egress, Egress.of({ check: () => Effect.void }))
        ])
      )
      const started = this.#run(Layer.buildWithScope(engine, this.#scope), this.#context)
      yield* quiet
      if (this.isDead) return
      if (started.exit === undefined || Exit.isFailure(started.exit)) {
        return yield* Effect.die(new Error(`The engine does not start: ${String(started.exit)}`))
      }
      this.#offered = Context.merge(started.exit.value, this.#context)
    })
  })

  /** Asks the gateway, and goes on at once; whoever dies answers nobody. */
  ask<A, E>(effect: Effect.Effect<A, E, Offered>): Asked<A, E> {
    return this.#offered === undefined ? { of: this } : this.#run(effect, this.#offered)
  }

  /** One that shares its store would leave a transaction open in it. */
  get canDie() {
    return this.#surroundings.stored === undefined
  }

  /** It dies when its fibers have done so many operations more. */
  dieAfter(operations: number) {
    if (!this.canDie) return
    this.#diesAfter = Math.min(this.#diesAfter, this.#operations + operations)
  }

  /** Time passes: its fibers did not run in circles. */
  rested() {
    this.#operations = 0
  }

  /** It will not die of what was decided before. */
  spare() {
    this.#diesAfter = Infinity
  }

  die() {
    this.isDead = true
    this.#surroundings.clock.forget(this.#clock)
  }

  /** Begins an orderly stop, which waits for the attempts that have begun. */
  stop(): Asked<void, never> {
    return this.ask(Scope.close(this.#scope, Exit.void))
  }

  /** Lets go of the store; what was not committed is lost. */
  readonly leave = Effect.suspend(() => {
    this.die()
    return Scope.close(this.#storeScope, Exit.void)
  })

  #run<A, E, R>(effect: Effect.Effect<A, E, R>, context: Context.Context<R>): Asked<A, E> {
    const asked: Asked<A, E> = { of: this }
    this.#operations = 0
    Effect.runForkWith(context)(effect).addObserver((exit) => {
      if (!this.isDead) asked.exit = exit
    })
    return asked
  }

  /** Runs everything as microtasks, and nothing any more once it is dead. */
  #scheduler(): Scheduler.Scheduler {
    const scheduler = new Scheduler.MixedScheduler("async", (run) => {
      queueMicrotask(run)
      return () => {}
    })
    return {
      executionMode: scheduler.executionMode,
      shouldYield: (fiber) => {
        if (this.#operations++ >= this.#diesAfter) this.die()
        if (this.#operations > endless) {
          this.isEndless = true
          this.die()
        }
        return this.isDead || scheduler.shouldYield(fiber)
      },
      makeDispatcher: () => {
        const dispatcher = scheduler.makeDispatcher()
        return {
          scheduleTask: (task, priority) =>
            dispatcher.scheduleTask(() => {
              if (!this.isDead) task()
            }, priority),
          flush: () => dispatcher.flush()
        }
      }
    }
  }
}

/** Fibers' numbers are left out: they count all that ever ran in the process. */
const logger = (log: (line: string) => void) =>
  Logger.make(({ cause, logLevel, message }) => log(`${logLevel}: ${JSON.stringify(message)} ${Cause.pretty(cause)}`))

/** Seeded bytes, and digests at once instead of on another thread, whose time nobody could foretell. */
const crypto = (dice: Dice): Crypto => {
  const subtle = new Proxy(globalThis.crypto.subtle, {
    get: (target, key) =>
      key === "digest"
        ? (name: string, data: Uint8Array) =>
            Promise.resolve(
              Uint8Array.from(createHash(name.replace("-", "").toLowerCase()).update(data).digest()).buffer
            )
        : Reflect.get(target, key)
  })
  return new Proxy(globalThis.crypto, {
    get: (target, key) => {
      if (key === "subtle") return subtle
      return key === "getRandomValues" ? (array: Uint8Array) => fill(array, dice) : Reflect.get(target, key)
    }
  })
}

const fill = (array: Uint8Array, dice: Dice) => {
  for (let index = 0; index < array.length; index++) array[index] = dice.int(0, 255)
  return array
}

/** Seals as the real one does, but without leaving the scheduler. */
const seal = (dice: Dice) => {
  const key = new Uint8Array(32).fill(7)
  return Layer.succeed(
    Seal,
    Seal.of({
      keyId: "simulated",
      keyIds: ["simulated"],
      seal: (text, row) =>
        Effect.sync(() => {
          const nonce = fill(new Uint8Array(12), dice)
          const cipher = createCipheriv("aes-256-gcm", key, nonce).setAAD(Buffer.from(row))
          return [nonce, cipher.update(text, "utf8"), cipher.final(), cipher.getAuthTag()]
            .map((part) => Buffer.from(part).toString("base64"))
            .join(".")
        }),
      open: (sealed, row) =>
        Effect.sync(() => {
          const [nonce = "", text = "", , tag = ""] = sealed.split(".")
          const decipher = createDecipheriv("aes-256-gcm", key, Buffer.from(nonce, "base64"))
          decipher.setAAD(Buffer.from(row)).setAuthTag(Buffer.from(tag, "base64"))
          return decipher.update(text, "base64", "utf8") + decipher.final("utf8")
        })
    })
  )
}
