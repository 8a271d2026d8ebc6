import { mailOf } from "./mailOf.ts"

/**
 * Checks an e-mail against RFC 5322 and RFC 3834, and against the rules for alerts: foreign text is neither a header nor HTML.
 * Returns one sentence for each problem.
 */
export const validate = (raw: string): ReadonlyArray<string> => {
  const { headers, html = "", text } = mailOf(raw)
  const rest = html.slice(html.indexOf("<body>")).replace(element, "")
  return [
    ...["from", "to", "subject", "date", "message-id"].flatMap((name) => (headers[name] ? [] : [`${name} is missing`])),
    ...Object.keys(headers)
      .filter((name) => !known.has(name))
      .map((name) => `a header that is not known: ${name}`),
    ...(headers["auto-submitted"] === "auto-generated" ? [] : ["Auto-Submitted is missing"]),
    ...raw.split("\r\n").flatMap((line) => (Buffer.byteLength(line) > 998 ? ["A line of more than 998 bytes"] : [])),
    ...(text.trim() === "" ? ["The text is blank"] : []),
    ...(/[<>]/.test(rest) ? [`Foreign HTML: ${/.{0,20}[<>].{0,20}/s.exec(rest)?.[0]}`] : []),
    ...(/:\/\//.test(rest) ? ["A foreign address may become a link"] : []),
    ...((text + html).isWellFormed() ? [] : ["Half a surrogate pair"])
  ]
}

const known = new Set(
  "from to subject date message-id references in-reply-to auto-submitted mime-version content-type content-transfer-encoding".split(
    " "
  )
)

const element =
  /<\/?(?:h1|h2|p|ul|li|tr|td|table|body|html|br)(?: (?:role|width|bgcolor|style|class)="[^"<>]*")*>|<a href="https?:[^"<>]*">|<\/a>/g
