/**
 * A fake of a chat service, for the kit and for demos: it answers as the service documents, misbehaves on request, and
 * keeps the accepted messages by channel.
 */
import type { Schema } from "effect"
import type { Preview } from "../Preview.ts"

/** A request, independent of the HTTP server or test client that received it; header names are in lowercase. */
export interface Request {
  readonly method: string
  /** The whole URL, or the part after the origin. */
  readonly url: string
  readonly headers: { readonly [name: string]: string | undefined }
  readonly body: string
  /** When it arrived, in epoch milliseconds: a fake has no clock of its own. */
  readonly at: number
}

/** An HTTP answer; `status` 0 means that no answer ever comes. */
export interface Answer {
  readonly status: number
  readonly headers: { readonly [name: string]: string }
  readonly body: string
}

/** Answers requests: a `FakeService`, one with its page (`FakePage.withPage`), or a test's own. */
export interface Answering {
  readonly answer: (request: Request) => Answer
}

/** The service's end of one connection. */
export interface Peer {
  /** Its greeting: the text that it sends before the plugin writes anything. */
  readonly greeting?: Uint8Array | string
  /** Answers the bytes that were just written: `""` sends nothing, and `null` ends the connection. */
  readonly answer: (written: Uint8Array) => Uint8Array | string | null
}

/** A message that the service accepted. */
export interface Message {
  readonly url: string
  readonly payload: unknown
  readonly at: number
}

/** A channel with its messages as a person sees them, oldest first; an edit of a message is an entry of its own. */
export interface Channel {
  readonly name: string
  readonly messages: ReadonlyArray<Shown>
}

/** One entry of a channel: a new message unless `as` says that it is a reply, or an earlier message after an edit. */
export interface Shown {
  readonly at: number
  readonly preview: Preview
  readonly as?: "edit" | "reply"
}

/**
 * How a service can fail requests: the channel is `archived`, the credential `revoked`, the limit reached
 * (`limited`), the service `failing`; or it is `lying`: it refuses a message with a 200 whose body has the error.
 */
export const misbehaviours = ["archived", "revoked", "limited", "failing", "lying"] as const
export type Misbehaviour = (typeof misbehaviours)[number]

/** What a fake does with requests: as documented (`usual`), a misbehaviour, or no answer at all (`hanging`). */
export type Behaviour = "usual" | Misbehaviour | "hanging"

/** The answer to a request, and the channel of its message if the service accepts one, or an edit of one. */
export interface Reply {
  readonly answer: Answer
  readonly accepted?: { readonly channel: string; readonly payload: unknown; readonly as?: Shown["as"] }
}

/**
 * A chat service without a network: pass requests to `answer`, or serve it with `FakeServer.serve`. Its answers depend
 * only on the requests and their times.
 */
export abstract class FakeService {
  /** The service's name, as its vendor spells it. */
  abstract readonly title: string
  /** Its behaviour for requests that no script answers. */
  behaviour: Behaviour = "usual"
  /** The accepted messages, in order, without edits. */
  readonly messages: Array<Message> = []
  readonly #channels = new Map<string, Array<Shown>>()
  readonly #scripted: Array<Answer> = []

  /**
   * Returns the settings, as JSON, of an integration that posts to this fake when it is served at `origin`: an HTTP
   * origin, or `tcp://127.0.0.1:2525` for a service with a `peer`.
   */
  abstract settings(origin: string): { readonly [setting: string]: Schema.Json }

  /**
   * Makes the service's end of a connection, for a service that is not HTTP; it passes accepted messages to `answer`.
   * `now` returns the time in epoch milliseconds.
   */
  peer?(now: () => number): Peer

  /** Answers a request as the service documents; `at` drives its rate limits. */
  protected abstract respond(request: Request): Reply

  /** Answers a request as the service does when it misbehaves in this way. */
  protected abstract misbehave(how: Misbehaviour, request: Request): Answer

  /** Renders an accepted payload as a person sees it. */
  protected abstract render(payload: unknown): Preview

  /**
   * Answers the next requests with these answers, one each; their messages are not kept.
   */
  script(...answers: ReadonlyArray<Partial<Answer> & Pick<Answer, "status">>): void {
    this.#scripted.push(...answers.map((answer) => ({ headers: {}, body: "", ...answer })))
  }

  /** Answers one request, and keeps its message if it is accepted. */
  answer(request: Request): Answer {
    const scripted = this.#scripted.shift()
    if (scripted !== undefined) return scripted
    if (this.behaviour === "hanging") return { status: 0, headers: {}, body: "" }
    if (this.behaviour !== "usual") return this.misbehave(this.behaviour, request)
    const { answer, accepted } = this.respond(request)
    if (accepted !== undefined) {
      const { at, url } = request
      const { as, payload } = accepted
      if (as !== "edit") this.messages.push({ url, payload, at })
      const channel = this.#channels.get(accepted.channel) ?? []
      channel.push({ at, preview: this.render(payload), ...(as && { as }) })
      this.#channels.set(accepted.channel, channel)
    }
    return answer
  }

  /** The channels that were posted to, in the order of their first messages. */
  channels(): ReadonlyArray<Channel> {
    return [...this.#channels].map(([name, messages]) => ({ name, messages }))
  }
}
