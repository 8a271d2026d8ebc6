/**
 * A fake of a chat service, for the kit and for demos: it answers as the service documents, misbehaves on request, and
 * keeps the accepted messages by channel.
 */
import type { Schema } from "effect"
import type { Preview } from "../Preview.ts"

/** A request as any HTTP server or test client can hand it over; header names are in lowercase. */
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
export interface Room {
  readonly name: string
  readonly messages: ReadonlyArray<{ readonly at: number; readonly preview: Preview }>
}

/**
 * How a service can fail those who post to it: the room is `archived`, the credential `revoked`, the limit reached
 * (`limited`), the service `failing`; or it is `lying`: it refuses, and says so only in the body of a 200.
 */
export const misbehaviours = ["archived", "revoked", "limited", "failing", "lying"] as const
export type Misbehaviour = (typeof misbehaviours)[number]

/** What a fake does with requests: as documented (`usual`), a misbehaviour, or no answer at all (`hanging`). */
export type Behaviour = "usual" | Misbehaviour | "hanging"

/** The answer to a request, and the channel of its message if the service accepts one. */
export interface Judgement {
  readonly answer: Answer
  readonly taken?: { readonly room: string; readonly payload: unknown }
}

/**
 * A chat service without a network: give it requests by `answer`, or serve it with `FakeServer.serve`. Everything that
 * it does follows from the requests and their times.
 */
export abstract class FakeService {
  /** The service's name, as its vendor spells it. */
  abstract readonly title: string
  /** Its behaviour for requests that no script answers. */
  behaviour: Behaviour = "usual"
  /** The accepted messages, in order. */
  readonly messages: Array<Message> = []
  readonly #rooms = new Map<string, Array<Room["messages"][number]>>()
  readonly #scripted: Array<Answer> = []

  /** The settings of an integration, as JSON, that lead to this fake where it is served at `origin`. */
  abstract settings(origin: string): { readonly [setting: string]: Schema.Json }

  /** What the service documents for this request; `at` drives its rate limits. */
  protected abstract judge(request: Request): Judgement

  /** What the service answers when it fails in this way. */
  protected abstract misbehave(how: Misbehaviour, request: Request): Answer

  /** Renders an accepted payload as a person sees it. */
  protected abstract see(payload: unknown): Preview

  /**
   * Gives these answers to the next requests, one each, whatever they are; a message that is answered so is not taken.
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
    const { answer, taken } = this.judge(request)
    if (taken !== undefined) {
      const { at, url } = request
      this.messages.push({ url, payload: taken.payload, at })
      const room = this.#rooms.get(taken.room) ?? []
      room.push({ at, preview: this.see(taken.payload) })
      this.#rooms.set(taken.room, room)
    }
    return answer
  }

  /** The channels that were posted to, in the order of their first messages. */
  rooms(): ReadonlyArray<Room> {
    return [...this.#rooms].map(([name, messages]) => ({ name, messages }))
  }
}
