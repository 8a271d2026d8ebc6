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

/** A message that the service accepted. */
export interface Message {
  readonly url: string
  readonly payload: unknown
  readonly at: number
}

/** A channel with its messages as a person sees them, oldest first. */
export interface Channel {
  readonly name: string
  readonly messages: ReadonlyArray<{ readonly at: number; readonly preview: Preview }>
}

/**
 * How a service can fail requests: the channel is `archived`, the credential `revoked`, the limit reached
 * (`limited`), the service `failing`; or it is `lying`: it refuses a message with a 200 whose body has the error.
 */
export const misbehaviours = ["archived", "revoked", "limited", "failing", "lying"] as const
export type Misbehaviour = (typeof misbehaviours)[number]

/** What a fake does with requests: as documented (`usual`), a misbehaviour, or no answer at all (`hanging`). */
export type Behaviour = "usual" | Misbehaviour | "hanging"

/** The answer to a request, and the channel of its message if the service accepts one. */
export interface Reply {
  readonly answer: Answer
  readonly accepted?: { readonly channel: string; readonly payload: unknown }
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
  /** The accepted messages, in order. */
  readonly messages: Array<Message> = []
  readonly #channels = new Map<string, Array<Channel["messages"][number]>>()
  readonly #scripted: Array<Answer> = []

  /** Returns the settings, as JSON, of an integration that posts to this fake when it is served at `origin`. */
  abstract settings(origin: string): { readonly [setting: string]: Schema.Json }

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
      this.messages.push({ url, payload: accepted.payload, at })
      const channel = this.#channels.get(accepted.channel) ?? []
      channel.push({ at, preview: this.render(accepted.payload) })
      this.#channels.set(accepted.channel, channel)
    }
    return answer
  }

  /** The channels that were posted to, in the order of their first messages. */
  channels(): ReadonlyArray<Channel> {
    return [...this.#channels].map(([name, messages]) => ({ name, messages }))
  }
}
