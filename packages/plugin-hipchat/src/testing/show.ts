import { read } from "./markup.ts"

/**
 * A room notification as a person sees it, for a terminal: how it calls, then the
 * card if there is one, as clients that know cards show it, else the message.
 * Each link is followed by its URL in parentheses.
 */
export const show = (payload: unknown): string => {
  const body = record(payload)
  const head = `${text(body["from"]) || "HipChat"} [${text(body["color"]) || "yellow"}${body["notify"] === true ? ", notifies" : ""}]`
  const shown =
    typeof body["card"] === "object" && body["card"] !== null
      ? card(record(body["card"]))
      : body["message_format"] === "text"
        ? text(body["message"])
        : html(text(body["message"]))
  return `${head}\n${shown
    .split("\n")
    .map((line) => `| ${line}`.trimEnd())
    .join("\n")}`
}

const card = (card: Record<string, unknown>): string => {
  const description = card["description"]
  const { format, value } = record(description)
  const words = typeof description === "string" ? description : format === "html" ? html(text(value)) : text(value)
  const attributes = Array.isArray(card["attributes"]) ? card["attributes"].map(attribute) : []
  return [linked(text(card["title"]), card["url"]), words, ...attributes].filter((line) => line !== "").join("\n")
}

const attribute = (attribute: unknown): string => {
  const { label, value } = record(attribute)
  const { label: name, style, url } = record(value)
  const words = typeof style === "string" ? `[${text(name)}]` : text(name)
  return `${typeof label === "string" ? `${label}: ` : ""}${linked(words, url)}`
}

const linked = (words: string, url: unknown): string => (typeof url === "string" ? `${words} (${url})` : words)

/** HTML as text, with a line for each block. */
const html = (source: string): string => {
  const hrefs: Array<string> = []
  return read(source)
    .tokens.map((token) => {
      if (token._tag === "Text") return token.text
      if (token._tag === "Open") {
        if (token.name === "a") hrefs.push(token.attributes.get("href") ?? "")
        return token.name === "br" ? "\n" : token.name === "li" ? "\n- " : token.name === "tr" ? "\n" : ""
      }
      if (token.name === "a") return ` (${hrefs.pop() ?? ""})`
      return token.name === "ul" || token.name === "ol" || token.name === "table" ? "\n" : ""
    })
    .join("")
    .trimEnd()
}

const record = (value: unknown): Record<string, unknown> =>
  typeof value === "object" && value !== null ? { ...value } : {}

const text = (value: unknown): string => (typeof value === "string" ? value : "")
