import type { Preview } from "@tocsin/core"
import { type Answer, FakeService, type Misbehaviour, type Peer, type Reply, type Request } from "@tocsin/core/fakes"
import { mailOf } from "./mailOf.ts"
import { peer } from "./peer.ts"
import { see } from "./see.ts"
import { validate } from "./validate.ts"

/**
 * A fake SMTP server, without TLS; its page shows each e-mail as its HTML says. Every user and password is accepted.
 *
 * @see https://www.rfc-editor.org/rfc/rfc5321
 */
export class FakeEmail extends FakeService {
  readonly title = "E-mail"

  settings(origin: string) {
    const { hostname, port } = new URL(origin)
    return {
      host: hostname,
      port: Number(port),
      security: "none",
      username: "tocsin",
      password: "fake-password",
      from: "tocsin@example.com",
      to: ["ops@example.com", "night@example.com"]
    }
  }

  override peer(now: () => number): Peer {
    return peer(
      (command) => {
        if (this.behaviour === "usual") return undefined
        if (this.behaviour === "hanging") return ""
        const [refused, reply] = misbehaving[this.behaviour]
        return command === refused ? reply : undefined
      },
      (raw, to) => this.answer({ method: "DATA", url: to.join(", "), headers: {}, body: raw, at: now() }).body
    )
  }

  protected respond({ body, url }: Request): Reply {
    const [problem] = validate(body)
    if (problem !== undefined) return { answer: answer(`554 5.6.0 ${problem}`) }
    const isReply = mailOf(body).headers["in-reply-to"] !== undefined
    return {
      answer: answer("250 2.0.0 Queued as 1"),
      accepted: { channel: url, payload: body, ...(isReply && { as: "reply" }) }
    }
  }

  protected misbehave(how: Misbehaviour): Answer {
    return answer(misbehaving[how][1])
  }

  protected render(payload: unknown): Preview.Preview {
    return see(payload)
  }
}

const answer = (reply: string): Answer => ({ status: Number(reply.slice(0, 3)), headers: {}, body: reply })

/** The command that is refused, and the reply. */
const misbehaving: { readonly [How in Misbehaviour]: readonly [command: string, reply: string] } = {
  archived: ["RCPT", "550 5.1.1 The mailbox does not exist"],
  revoked: ["AUTH", "535 5.7.8 The credentials are invalid"],
  limited: ["RCPT", "450 4.7.1 Too many messages: try again later"],
  failing: ["MAIL", "451 4.3.0 Local error"],
  lying: [".", "554 5.6.0 The message is refused"]
}
