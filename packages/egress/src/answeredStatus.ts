/**
 * Reads the status of answers beside undici. undici drops a connection on an answer that it cannot parse, and does not
 * say which status had arrived, although a 2xx means that the service accepted the message. And it takes a
 * `100 Continue` that it did not ask for as an error.
 */
import type { Socket } from "node:net"

/** The final status that had arrived on a connection when it ended by this error, also of an answer that is not whole. */
export const answeredStatus = (error: Error): number | undefined => answered.get(error)

const answered = new WeakMap<Error, number>()

/** Watches a connection on which one request at a time is sent. Belongs before undici's own listeners. */
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

/** What has been read of an answer's head. */
interface Answer {
  /** The line so far. */
  line: string
  isStatusLine: boolean
  /** The status of the final answer, or 0 where no status line came. Nothing more is read then. */
  status: number | undefined
}

const unread = (): Answer => ({ line: "", isStatusLine: true, status: undefined })

/** No status line is longer. */
const maxStatusLine = 8192

const readHead = (answer: Answer, chunk: Buffer): void => {
  for (let at = 0; answer.status === undefined && at < chunk.length; at++) {
    const character = String.fromCharCode(chunk[at] ?? 0)
    // undici reads 102 Processing as what it is.
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
    // An empty line before it is passed over (RFC 9112, 2.2).
    if (line === "") return
    const status = Number(/^HTTP\/1\.[01] (\d{3})(?: |$)/.exec(line)?.[1] ?? 0)
    if (status < 100 || status >= 200) answer.status = status
    else answer.isStatusLine = false
  } else if (line === "") {
    answer.isStatusLine = true
  }
}
