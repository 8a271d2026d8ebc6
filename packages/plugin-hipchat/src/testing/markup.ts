/** A piece of HTML: a tag that opens or closes, or text with its entities read. */
export type Token =
  | { readonly _tag: "Open"; readonly name: string; readonly attributes: ReadonlyMap<string, string> }
  | { readonly _tag: "Close"; readonly name: string }
  | { readonly _tag: "Text"; readonly text: string }

const tag = /^<(\/?)([a-z]+)((?:\s+[a-z-]+="[^"<>]*")*)\s*\/?>/
const attribute = /([a-z-]+)="([^"<>]*)"/g
const named: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", ge: "≥", le: "≤" }
const entity = /&(?:#(\d+)|#x([0-9a-f]+)|([a-z]+));/gi

/** Splits HTML into tokens; `problems` lists the errors. */
export const read = (html: string): { readonly tokens: ReadonlyArray<Token>; readonly problems: Array<string> } => {
  const tokens: Array<Token> = []
  const problems: Array<string> = []
  let at = 0
  while (at < html.length) {
    const next = html.indexOf("<", at)
    const end = next < 0 ? html.length : next
    if (end > at) {
      const text = html.slice(at, end)
      if (/[>"']/.test(text)) problems.push("has a bare >, \" or ' in its text")
      if (hasBareAmpersand(text)) problems.push("has a bare & in its text")
      tokens.push({ _tag: "Text", text: unescape(text) })
      at = end
      continue
    }
    const found = tag.exec(html.slice(at))
    if (found === null) {
      problems.push("has a bare < or a broken tag")
      return { tokens, problems }
    }
    const [whole, close, name = "", rest = ""] = found
    if (hasBareAmpersand(rest)) problems.push("has a bare & in an attribute")
    const attributes = new Map([...rest.matchAll(attribute)].map(([, key = "", value = ""]) => [key, unescape(value)]))
    if (close && attributes.size > 0) problems.push("has attributes in a closing tag")
    tokens.push(close ? { _tag: "Close", name } : { _tag: "Open", name, attributes })
    at += whole.length
  }
  return { tokens, problems }
}

const hasBareAmpersand = (text: string): boolean => text.replace(entity, "").includes("&")

const unescape = (text: string): string =>
  text.replace(entity, (whole, decimal?: string, hex?: string, name = "") =>
    decimal !== undefined
      ? String.fromCodePoint(Number(decimal))
      : hex !== undefined
        ? String.fromCodePoint(Number.parseInt(hex, 16))
        : (named[name] ?? whole)
  )
