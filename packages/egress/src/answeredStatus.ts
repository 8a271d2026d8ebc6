/**
 * Reads the status of answers beside undici. If undici cannot parse an answer, it closes the connection without
 * reporting the status, although a 2xx means that the service accepted the message. It also treats an unexpected `100
 * Continue` as an error.
 */
import type { Socket } from "node:net"
import { UnreadableAnswer } from "./unreadableAnswer.ts"

/** The final status that had arrived when a connection ended with this error, even if the answer was incomplete. */
export const answeredStatus = (error: Error): number | undefined => answered.get(error)

const answered = new WeakMap<Error, number>()

/** How long the headers of an answer may take after its status, in milliseconds. */
const headersWithin = 5000

/**
 * Watches a connection that carries one request at a time, and ends it where the headers of an answer do not end. Must be
 * added before undici's own listeners.
 */
export const watchAnswers = (socket: Socket, within = headersWithin): void => {
  let answer = unread()
  let timer: NodeJS.Timeout | undefined
  let written = 0
  /** Bytes that are read after more was written belong to the next answer. */
  const current = () => {
    if (socket.bytesWritten !== written) answer = unread()
    written = socket.bytesWritten
    return answer
  }
  const late = () => socket.destroy(new UnreadableAnswer("Its headers did not end within 5 seconds"))
  socket.on("data", (chunk: Buffer) => {
    const { isWhole, status } = readHead(current(), chunk)
    if (!isWhole && status !== undefined) return void (timer ??= setTimeout(late, within))
    clearTimeout(timer)
    timer = undefined
  })
  socket.on("close", () => clearTimeout(timer))
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
  /** The status of the final answer, or 0 where no status line came. */
  status: number | undefined
  /** Whether its headers have ended. Nothing more is read then. */
  isWhole: boolean
}

const unread = (): Answer => ({ line: "", isStatusLine: true, status: undefined, isWhole: false })

/** The longest status line, in bytes. */
const maxStatusLine = 8192

const readHead = (answer: Answer, chunk: Buffer): Answer => {
  for (let at = 0; !answer.isWhole && at < chunk.length; at++) {
    const character = String.fromCharCode(chunk[at] ?? 0)
    // undici handles 102 Processing correctly.
    if (character === "0" && answer.isStatusLine && /^HTTP\/1\.[01] 10$/.test(answer.line)) chunk.write("2", at)
    if (character === "\n") endLine(answer)
    else answer.line += character
    // Nearly all headers come in one piece with their status.
    if (character === "\n" && answer.status !== undefined && chunk.includes("\r\n\r\n", at - 1)) answer.isWhole = true
    if (answer.isStatusLine && answer.line.length > maxStatusLine) notHttp(answer)
  }
  return answer
}

/** Whatever this is, undici judges it. */
const notHttp = (answer: Answer): void => {
  answer.status = 0
  answer.isWhole = true
}

const endLine = (answer: Answer): void => {
  const line = answer.line.replace(/\r$/, "")
  answer.line = ""
  if (answer.isStatusLine) {
    // An empty line before the status line is skipped (RFC 9112, 2.2).
    if (line === "") return
    const status = Number(/^HTTP\/1\.[01] (\d{3})(?: |$)/.exec(line)?.[1] ?? 0)
    if (status === 0) return notHttp(answer)
    if (status < 100 || status >= 200) answer.status = status
    answer.isStatusLine = false
  } else if (line === "") {
    answer.isStatusLine = true
    answer.isWhole = answer.status !== undefined
  }
}
