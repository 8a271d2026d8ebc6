/**
 * Live changes. One page of a browser reads the gateway's stream and forwards it to the others: a browser opens at most
 * six connections to a host, so a seventh page with its own stream would not load.
 */
import { now } from "./clock.ts"

/** Something that changed; without an id, anything of its kind may have changed. */
export interface Change {
  readonly kind: string
  readonly id?: string
}

/** Whether the page is up to date; `since` is when the stream was lost. */
export type LiveState =
  | { readonly status: "connecting" | "live" }
  | { readonly status: "reconnecting" | "offline"; readonly since: number }

/** The messages from the page that reads the stream to the others. */
type Passed =
  | { readonly type: "who" }
  | { readonly type: "state"; readonly state: LiveState }
  | { readonly type: "changes"; readonly changes: ReadonlyArray<Change> }
  | { readonly type: "reset" }

interface Listeners {
  readonly state: () => void
  readonly changes: (changes: ReadonlyArray<Change>) => void
  /** Anything may have changed: read everything again. */
  readonly reset: () => void
  /** The stream was refused: the session may have ended. */
  readonly refused: () => void
}

/** The stream has a heartbeat every 15 seconds: after three missed ones the connection counts as dead. */
const silence = 45_000
const offlineAfter = 10_000
const longestPause = 8_000

let state: LiveState = { status: "connecting" }
let listeners: Listeners | undefined
let channel: BroadcastChannel | undefined
let isReader = false

export const liveState = (): LiveState => state

/** Starts to follow the stream, for as long as the page lives. */
export const follow = (on: Listeners): void => {
  listeners = on
  if ("locks" in navigator) {
    channel = new BroadcastChannel("tocsin.live")
    channel.addEventListener("message", ({ data }) => receive(data))
    channel.postMessage({ type: "who" } satisfies Passed)
    void navigator.locks.request("tocsin.live", () => {
      isReader = true
      read()
      return new Promise<never>(() => {})
    })
    return
  }
  // Over plain http on a host name there are no locks: only the page in front reads.
  const whenVisible = () => (document.visibilityState === "visible" ? read() : stop())
  document.addEventListener("visibilitychange", whenVisible)
  isReader = true
  whenVisible()
}

let source: EventSource | undefined
let failures = 0
let position: string | undefined
let watch: ReturnType<typeof setTimeout> | undefined
let again: ReturnType<typeof setTimeout> | undefined

const read = (): void => {
  stop()
  source = new EventSource("/v1/events")
  heard()
  source.addEventListener("ready", ({ lastEventId }) => {
    // A stream that resumes has missed nothing.
    if (lastEventId !== position) pass({ type: "reset" })
    position = lastEventId
  })
  source.addEventListener("reset", ({ lastEventId }) => {
    position = lastEventId
    pass({ type: "reset" })
  })
  source.addEventListener("heartbeat", heard)
  source.addEventListener("changes", ({ data, lastEventId }) => {
    heard()
    position = lastEventId
    pass({ type: "changes", changes: JSON.parse(data).items })
  })
  source.addEventListener("open", () => {
    failures = 0
    heard()
    become({ status: "live" })
  })
  source.addEventListener("error", () => {
    lost()
    // EventSource reconnects by itself after a lost connection, but not after an answer that is not a stream.
    if (source?.readyState !== EventSource.CLOSED) return
    listeners?.refused()
    again = setTimeout(read, Math.min(longestPause, 500 * 2 ** failures++))
  })
}

const stop = (): void => {
  source?.close()
  clearTimeout(watch)
  clearTimeout(again)
}

const heard = (): void => {
  clearTimeout(watch)
  watch = setTimeout(() => {
    lost()
    read()
  }, silence)
}

const lost = (): void => {
  if ("since" in state) return
  become({ status: "reconnecting", since: now() })
  setTimeout(() => {
    if (state.status === "reconnecting") become({ status: "offline", since: state.since })
  }, offlineAfter)
}

/** Opens the stream at once if the page waits to reconnect. */
export const reconnect = (): void => {
  if (isReader && state.status !== "live") read()
}

const become = (next: LiveState): void => pass({ type: "state", state: next })

const pass = (message: Passed): void => {
  channel?.postMessage(message)
  receive(message)
}

const receive = (message: Passed): void => {
  switch (message.type) {
    case "who":
      if (isReader) channel?.postMessage({ type: "state", state } satisfies Passed)
      return
    case "state":
      state = message.state
      return listeners?.state()
    case "changes":
      return listeners?.changes(message.changes)
    case "reset":
      return listeners?.reset()
  }
}
