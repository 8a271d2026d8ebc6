/** The parts of an e-mail, decoded. */
export interface Mail {
  /** The headers by their names in lowercase, unfolded. */
  readonly headers: { readonly [name: string]: string }
  readonly text: string
  readonly html?: string
}

/** Reads an e-mail as this plugin makes it: one text, or a text and HTML. */
export const mailOf = (raw: string): Mail => {
  const whole = part(raw)
  const [, boundary] = /boundary="([^"]+)"/.exec(whole.headers["content-type"] ?? "") ?? []
  if (boundary === undefined) return { headers: whole.headers, text: whole.body }
  const parts = whole.raw
    .split(`--${boundary}`)
    .slice(1, -1)
    .map((one) => part(one.replace(/^\r?\n/, "")))
  const find = (type: string) => parts.find(({ headers }) => headers["content-type"]?.startsWith(type))?.body
  const html = find("text/html")
  return { headers: whole.headers, text: find("text/plain") ?? "", ...(html !== undefined && { html }) }
}

const part = (raw: string) => {
  const [head = "", ...rest] = raw.split(/\r?\n\r?\n/)
  const headers = Object.fromEntries(
    head
      .replace(/\r?\n[ \t]+/g, " ")
      .split(/\r?\n/)
      .map((line) => [line.slice(0, line.indexOf(":")).toLowerCase(), word(line.slice(line.indexOf(":") + 1).trim())])
  )
  const body = rest.join("\n\n").replaceAll("\r\n", "\n")
  const encoding = headers["content-transfer-encoding"]
  return {
    headers,
    raw: body,
    body:
      encoding === "quoted-printable"
        ? bytes(body.replace(/=\n/g, ""))
        : encoding === "base64"
          ? Buffer.from(body, "base64").toString()
          : body
  }
}

const bytes = (text: string): string => {
  const found: Array<number> = []
  for (let at = 0; at < text.length; at++) {
    if (text[at] === "=") {
      found.push(Number.parseInt(text.slice(at + 1, at + 3), 16))
      at += 2
    } else found.push(text.charCodeAt(at))
  }
  return Buffer.from(found).toString()
}

/** https://www.rfc-editor.org/rfc/rfc2047 */
const word = (header: string): string =>
  header.replace(/\?=\s+=\?/g, "?==?").replace(/(?:=\?utf-8\?([QB])\?[^?]*\?=)+/gi, (all) => {
    const words = [...all.matchAll(/=\?utf-8\?([QB])\?([^?]*)\?=/gi)]
    return Buffer.concat(
      words.map(([, how = "", text = ""]) =>
        how.toUpperCase() === "B" ? Buffer.from(text, "base64") : Buffer.from(bytes(text.replaceAll("_", " ")), "utf8")
      )
    ).toString()
  })
