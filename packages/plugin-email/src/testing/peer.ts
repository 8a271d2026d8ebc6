import type { Peer } from "@tocsin/core/fakes"

/** Replies to commands instead of the usual ones: by command, `.` for the whole message. `null` ends the connection. */
export type Replies = (command: string, line: string) => string | null | undefined

/**
 * An SMTP server's end of a connection, which accepts everything, and every password; `received` gets each message with its
 * recipients.
 *
 * @see https://www.rfc-editor.org/rfc/rfc5321
 */
export const peer = (
  instead: Replies = () => undefined,
  received: (raw: string, to: ReadonlyArray<string>) => string | undefined = () => undefined
): Peer => {
  let buffered = ""
  let isMessage = false
  let to: Array<string> = []
  const reply = (line: string): string | null => {
    const command = line.split(/[ :]/, 1).join("").toUpperCase()
    const other = instead(command, line)
    if (other !== undefined) return other
    if (command === "RCPT") to.push(/<(.*?)>/.exec(line)?.[1] ?? "")
    if (command === "DATA") isMessage = to.length > 0
    return command === "DATA" && to.length === 0
      ? "503 5.5.1 No valid recipients"
      : (usual[command] ?? "502 5.5.1 Not implemented")
  }
  return {
    greeting: "220 mail.example ESMTP\r\n",
    answer: (written) => {
      buffered += Buffer.from(written).toString("latin1")
      const replies: Array<string | null> = []
      for (;;) {
        const end = buffered.indexOf(isMessage ? "\r\n.\r\n" : "\r\n")
        if (end === -1) break
        const text = buffered.slice(0, end)
        buffered = buffered.slice(end + (isMessage ? 5 : 2))
        if (isMessage) {
          isMessage = false
          const raw = Buffer.from(text.replace(/^\.\./gm, "."), "latin1").toString("utf8")
          const refused = instead(".", "")
          replies.push(refused === undefined ? (received(raw, to) ?? "250 2.0.0 Queued as 1") : refused)
          to = []
        } else replies.push(reply(text))
      }
      if (replies.includes(null)) return null
      return replies.map((one) => (one === "" ? "" : `${one}\r\n`)).join("")
    }
  }
}

const usual: { readonly [command: string]: string } = {
  EHLO: "250-mail.example\r\n250-AUTH PLAIN LOGIN\r\n250 8BITMIME",
  AUTH: "235 2.7.0 Accepted",
  MAIL: "250 2.1.0 OK",
  RCPT: "250 2.1.5 OK",
  DATA: "354 Go ahead",
  QUIT: "221 2.0.0 Bye"
}
