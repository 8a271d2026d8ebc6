/**
 * Reads the status of answers beside undici. If undici cannot parse an answer, it closes the connection without
 * reporting the status, although a 2xx means that the service accepted the message. It also treats an unexpected `100
 * Continue` as an error.
 */
import type { Socket } from "node:net"

/** The final status that had arrived when a connection ended with this error, even if the answer was incomplete. */
export const answeredStatus = (error: Error): number | undefined => answered.get(error)

const answered = new WeakMap<Error, number>()

/** Watches a connection that carries one request at a time. Must be added before undici's own listeners. */
export const watchAnswers = (socket: Socket): void => {
  let answer = unread()
  let written = 0
  /** Bytes that are read after more was written belong to the next answer. */
  const current = () => {
    if (socket.bytesWritten !== written) answer = unread()
    written = socket.bytesWritten
    return answer
  }
  socket.on("data", (chunk: Buffer) => readHead(current(), chunk))
  socket.on("error", (error) => {
    const { status } = current()
    if (status !== undefined && status >= 200) answered.set(error, status)
  })
}

/** The part of an answer's head that has been read. */
interface Answer {
  /** The line so far. */
  line: string
  isStatusLine: boolean
  /** The status of the final answer, or 0 without a status line. Nothing more is read then. */
  status: number | undefined
}

const unread = (): Answer => ({ line: "", isStatusLine: true, status: undefined })

/** The longest status line, in bytes. */
const maxStatusLine = 8192

const readHead = (answer: Answer, chunk: Buffer): void => {
  for (let at = 0; answer.status === undefined && at < chunk.length; at++) {
    const character = String.fromCharCode(chunk[at] ?? 0)
    // undici handles 102 Processing correctly.
    if (character === "0" && answer.isStatusLine && /^HTTP\/1\.[01] 10$/.test(answer.line)) chunk.write("2", at)
    if (character === "\n") endLine(answer)
    else answer.line += character
    if (answer.isStatusLine && answer.line.length > maxStatusLine) answer.status = 0
  }
}

const endLine = (answer: Answer): void => {
  const line = answer.line.replace(/\r$/, "")
  answer.line = ""
  if (answer.isStatusLine) {
    // An empty line before the status line is skipped (RFC 9112, 2.2).
    if (line === "") return
    const status = Number(/^HTTP\/1\.[01] (\d{3})(?: |$)/.exec(line)?.[1] ?? 0)
    if (status < 100 || status >= 200) answer.status = status
    else answer.isStatusLine = false
  } else if (line === "") {
    answer.isStatusLine = true
  }
}
