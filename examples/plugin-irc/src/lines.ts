/**
 * The lines of IRC.
 *
 * @see https://modern.ircdocs.horse
 */
import { cut, DestinationGone, Misconfigured, type Reason, Unauthorized, Unavailable } from "@tocsin/core"
import { Option } from "effect"

/** A line of the server, without who sent it. */
export interface Line {
  readonly command: string
  readonly parameters: ReadonlyArray<string>
}

/** Reads a line: `[:prefix] COMMAND parameter ... [:last parameter]`. */
export const asked = (line: string): Line => {
  const [, head = "", last] = /^(?::\S+ +)?(.*?)(?: +:(.*))?$/.exec(line) ?? []
  const [command = "", ...parameters] = head.split(/ +/)
  return { command, parameters: last === undefined ? parameters : [...parameters, last] }
}

/** The first lines of a connection. */
export const greeting = (nick: string, password: Option.Option<string>): ReadonlyArray<string> => [
  ...Option.toArray(Option.map(password, (password) => `PASS :${password}`)),
  `NICK ${nick}`,
  `USER ${nick} 0 * :Tocsin`
]

/** A text as messages to a channel, a line each: no line of it can be a command. */
export const said = (channel: string, text: string): ReadonlyArray<string> => {
  const lines = text
    .split(/[\r\n]+/)
    // oxlint-disable-next-line no-control-regex -- all of IRC's formats and its CTCP commands are control characters
    .map((line) => line.replace(/[\u0000-\u001F\u007F]/g, "").trim())
    .filter((line) => line !== "")
  // A blank message still needs a line.
  return (lines.length === 0 ? ["..."] : lines).map(
    (line) => `PRIVMSG ${channel} :${cut(line, maxLine, { encode: bytes })}`
  )
}

/** A line has at most 512 bytes, with the sender's name and address that the server puts before it. */
const maxLine = 350

/** A text with as many characters as the given one has bytes in UTF-8. */
const bytes = (text: string): string => "x".repeat(new TextEncoder().encode(text).length)

/** What a numeric reply means, if it is a refusal. */
export const refusal = (command: string): Reason | undefined => reasons.get(command)?.()

const reasons = new Map<string, () => Reason>([
  ["403", () => new DestinationGone({ detail: "403: no such channel" })],
  ["404", () => new Misconfigured({ detail: "404: it may not speak in the channel" })],
  ["432", () => new Misconfigured({ detail: "432: the nickname is not allowed" })],
  ["433", () => new Unavailable({ detail: "433: the nickname is in use" })],
  ["464", () => new Unauthorized({ detail: "464: the password is wrong" })],
  ["465", () => new Unauthorized({ detail: "465: banned from the server" })],
  ["471", () => new Misconfigured({ detail: "471: the channel is full" })],
  ["473", () => new Misconfigured({ detail: "473: the channel is by invitation only" })],
  ["474", () => new Misconfigured({ detail: "474: banned from the channel" })],
  ["475", () => new Misconfigured({ detail: "475: the channel has a key" })]
])
