/**
 * Slows down addresses that send wrong credentials, and nobody else: a right credential is never delayed (case A), so
 * its length is what protects it. Wrong credentials therefore cost the gateway little.
 */
import { Cache, Clock, Duration, Effect, Option } from "effect"
import { IpNetwork, NetAddress } from "effect/net"
import { parseAddress, withoutClothes } from "@tocsin/egress"

/** The number of failures of an address that are answered at once: people mistype, and tools retry. */
const free = 5
/** The pause after the first further failure; each failure doubles it. */
const firstPause = Duration.millis(250)
/** The longest pause: within the time that callers wait for an answer. */
const longestPause = Duration.seconds(8)
/** Failures are forgotten after this time. */
const memory = Duration.minutes(15)
/** The most addresses that are remembered; the least recently used one is dropped. */
const mostAddresses = 4096
/** The most requests of one address that wait at once. */
const mostWaiting = 4
/**
 * The most waiting requests of all addresses, well below the limit of open connections: an attacker may have many
 * addresses.
 */
const mostWaitingInAll = 256

/** In milliseconds: throttled addresses are logged at most this often. */
const logPause = 60_000

/**
 * Makes the function to call with the address of each wrong credential. It pauses and returns undefined; if too many
 * requests wait already, it returns at once the seconds after which to retry.
 */
export const makeSlowdown = Effect.gen(function* () {
  const failures = yield* Cache.make({
    capacity: mostAddresses,
    timeToLive: memory,
    lookup: (_address: string) => Effect.sync(() => ({ count: 0, waiting: 0 }))
  })
  let waitingInAll = 0
  let unlogged = 0
  let loggedAt = -Infinity

  /** An attacker with many addresses must not fill the log. */
  const log = Effect.fnUntraced(function* (address: string) {
    const now = yield* Clock.currentTimeMillis
    if (now < loggedAt + logPause && now >= loggedAt) return void unlogged++
    const others = unlogged === 0 ? "" : `, and ${unlogged} other addresses since the last such line`
    unlogged = 0
    loggedAt = now
    yield* Effect.annotateLogs(
      Effect.logWarning(`Sign-in from ${address} is throttled after ${free} wrong credentials${others}.`),
      { event: "sign-in-throttled", address }
    )
  })

  return Effect.fnUntraced(function* (from: Option.Option<string>) {
    const address = Option.match(from, { onNone: () => "an unknown address", onSome: blockOf })
    const failed = yield* Cache.get(failures, address)
    failed.count++
    if (failed.count <= free) return Option.none<number>()
    if (failed.count === free + 1) yield* log(address)
    const pause = Duration.min(Duration.times(firstPause, 2 ** (failed.count - free - 1)), longestPause)
    if (failed.waiting >= mostWaiting || waitingInAll >= mostWaitingInAll) {
      return Option.some(Math.ceil(Duration.toSeconds(pause)))
    }
    failed.waiting++
    waitingInAll++
    yield* Effect.ensuring(
      Effect.sleep(pause),
      Effect.sync(() => {
        failed.waiting--
        waitingInAll--
      })
    )
    return Option.none<number>()
  })
})

/** An IPv4 address, or the /64 of an IPv6 address, because one caller usually has all addresses of a /64. */
const blockOf = (address: string): string =>
  Option.match(parseAddress(address.replace(/%.*$/, "")), {
    onNone: () => address,
    onSome: (spelt) => {
      const address = withoutClothes(spelt)
      return NetAddress.isIpv4Address(address)
        ? NetAddress.formatIp(address)
        : IpNetwork.format(IpNetwork.fromAddressUnsafe(address, 64))
    }
  })
