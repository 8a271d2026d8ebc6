/**
 * Redacts everything that looks like a credential: users and passwords of URLs, the paths of well-known webhooks, JSON
 * Web Tokens and Slack's tokens, the text after `Bearer` and `Basic`, and the value after a name such as `token`,
 * `password` or `api_key`, in JSON, in a query or anywhere else.
 *
 * It redacts too much rather than too little, because the text need not be well formed: it is for a person to read.
 */
export const redactCredentials = (text: string): string =>
  withoutNamed(
    text
      .replace(userInfo, `$1${struck}@`)
      .replace(hook, `$1${struck}`)
      .replace(shaped, struck)
      .replace(/\b(Bearer|Basic)(?:\s|%20|\+){1,16}[\w.~+/=%-]+/gi, `$1 ${struck}`)
  )

const struck = "<redacted>"

/** In JSON the slashes may be escaped. */
const userInfo = /(:\\?\/\\?\/)[^\s/?#"'<>\\]*@/g

/** Up to the path that is the credential. */
const hook =
  /((?:hooks\.slack\.com|discord(?:app)?\.com\\?\/api\\?\/webhooks|webhook\.office\.com|api\.telegram\.org)\\?\/)[^\s"'<>]*/gi

/** Slack's tokens, and JSON Web Tokens. */
const shaped = /\bxox[a-z]-[\w-]+|(?<![\w-])eyJ[\w-]+\.eyJ[\w-]+\.[\w-]*/g

/** A name up to its `=` or `:`; in JSON it ends in a quote, and in JSON within JSON that quote is escaped. */
const named =
  /(?:token|passw(?:or)?d|pwd|passphrase|secret|authorization|\bauth(?=\\{0,16}["'=:\s])|cookie|credential|signature|\b(?:sig|key)(?==)|(?:api|access|private|routing)[-_ ]?key)[\w.-]{0,64}(\\{0,16}["'])?\s{0,16}(?:=|:|%3d)\s{0,16}/gi

const withoutNamed = (text: string): string => {
  let clean = ""
  let from = 0
  named.lastIndex = 0
  for (let name = named.exec(text); name !== null; name = named.exec(text)) {
    const at = named.lastIndex
    const quote = matched(/\\{0,16}["']/y, text, at)
    // In JSON a number or an object is replaced by a text.
    const mark = quote || (name[1] ?? "")
    clean += text.slice(from, at) + mark + struck + mark
    from = named.lastIndex = quote === "" ? bareEnd(text, at) : quotedEnd(text, quote, at + quote.length)
  }
  return clean + text.slice(from)
}

/** Returns the end of the object, list or word that begins at `at`; the word may follow the name of a scheme. */
const bareEnd = (text: string, at: number): number => {
  if (text[at] !== "{" && text[at] !== "[") {
    return at + matched(/(?:(?:Bearer|Basic|Digest|Token|ApiKey)\s)?[^\s&;,"'{}[\]\\#]*/iy, text, at).length
  }
  let depth = 0
  for (let i = at; i < text.length; i++) {
    const character = text[i]
    if (character === '"') i = quotedEnd(text, '"', i + 1) - 1
    else if (character === "{" || character === "[") depth++
    else if ((character === "}" || character === "]") && --depth === 0) return i + 1
  }
  return text.length
}

/**
 * Returns the position after the closing quote of a text that begins at `from`: the quote that is escaped exactly like
 * the opening one.
 */
const quotedEnd = (text: string, quote: string, from: number): number => {
  for (let at = text.indexOf(quote, from); at >= 0; at = text.indexOf(quote, at + 1)) {
    let escapes = 0
    while (at - 1 - escapes >= from && text[at - 1 - escapes] === "\\") escapes++
    if (escapes % (2 * quote.length) === 0) return at + quote.length
  }
  return text.length
}

const matched = (sticky: RegExp, text: string, at: number): string => {
  sticky.lastIndex = at
  return sticky.exec(text)?.[0] ?? ""
}
