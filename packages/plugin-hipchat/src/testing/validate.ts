import { limits } from "../limits.ts"
import { read } from "./markup.ts"

/**
 * Checks a room notification. Returns each problem as `field: problem`; none for a valid one.
 *
 * Stricter than the service: it also refuses unknown top-level keys, and in the `text` format everything that HipChat
 * interprets (a live `@mention`, an `(emoticon)`, a smiley, a `/command`), because Tocsin's texts are foreign.
 */
export const validate = (payload: unknown): ReadonlyArray<string> => {
  const problems: Array<string> = []
  const check = checker(problems)
  if (!check.object(payload, "body", ["message", "message_format", "color", "notify", "from", "attach_to", "card"])) {
    return problems
  }
  check.string(payload["message"], "message", { min: 1, max: limits.message })
  check.oneOf(payload["message_format"] ?? "html", "message_format", ["html", "text"])
  check.oneOf(payload["color"] ?? "yellow", "color", ["yellow", "green", "red", "purple", "gray", "random"])
  check.type(payload["notify"] ?? false, "notify", "boolean")
  check.string(payload["from"] ?? "", "from", { min: 0, max: limits.from })
  check.string(payload["attach_to"] ?? "", "attach_to", { min: 0, max: limits.attachTo })
  if (payload["message_format"] === "text") check.literal(payload["message"], "message")
  else check.html(payload["message"], "message", messageTags)
  if ((payload["card"] ?? null) !== null) validateCard(payload["card"], check)
  return problems
}

const validateCard = (card: unknown, check: Checker): void => {
  const keys = ["style", "id", "title", "description", "format", "url", "thumbnail", "icon", "activity", "attributes"]
  if (!check.object(card, "card", [...keys, "date"])) return
  check.oneOf(card["style"], "card.style", ["file", "image", "application", "link", "media"])
  check.string(card["id"], "card.id", { min: 1 })
  check.string(card["title"], "card.title", { min: 1, max: limits.cardTitle })
  check.oneOf(card["format"] ?? "medium", "card.format", ["compact", "medium"])
  if (card["url"] !== undefined) check.url(card["url"], "card.url")
  if (card["date"] !== undefined) check.type(card["date"], "card.date", "number")
  if (card["icon"] !== undefined) validateIcon(card["icon"], "card.icon", check)
  const { activity, attributes, description, thumbnail } = card
  if (typeof description === "string") check.string(description, "card.description", { min: 0, max: limits.cardTitle })
  else if (description !== undefined && check.object(description, "card.description", ["format", "value"])) {
    check.oneOf(description["format"], "card.description.format", ["html", "text"])
    check.string(description["value"], "card.description.value", { min: 1, max: limits.cardDescription })
    if (description["format"] === "html") check.html(description["value"], "card.description.value", cardTags)
  }
  if (thumbnail !== undefined && check.object(thumbnail, "card.thumbnail", ["url", "url@2x", "width", "height"])) {
    check.string(thumbnail["url"], "card.thumbnail.url", { min: 1, max: limits.thumbnailUrl })
    check.string(thumbnail["url@2x"] ?? "", "card.thumbnail.url@2x", { min: 0, max: limits.thumbnailUrl })
    check.type(thumbnail["width"] ?? 0, "card.thumbnail.width", "number")
    check.type(thumbnail["height"] ?? 0, "card.thumbnail.height", "number")
  }
  if (activity !== undefined && check.object(activity, "card.activity", ["html", "icon"])) {
    check.html(activity["html"], "card.activity.html", cardTags)
    if (activity["icon"] !== undefined) validateIcon(activity["icon"], "card.activity.icon", check)
  }
  if (attributes !== undefined) validateAttributes(attributes, check)
}

const validateIcon = (icon: unknown, field: string, check: Checker): void => {
  if (typeof icon === "string") return check.url(icon, field)
  if (!check.object(icon, field, ["url", "url@2x"])) return
  check.url(icon["url"], `${field}.url`)
  if (icon["url@2x"] !== undefined) check.url(icon["url@2x"], `${field}.url@2x`)
}

const validateAttributes = (attributes: unknown, check: Checker): void => {
  if (!Array.isArray(attributes) || attributes.length === 0 || attributes.length > limits.attributes) {
    return check.refuse("card.attributes", `is not a list of 1 to ${limits.attributes}`)
  }
  for (const [index, attribute] of attributes.entries()) {
    const field = `card.attributes[${index}]`
    if (!check.object(attribute, field, ["label", "value"])) continue
    if (attribute["label"] !== undefined) {
      check.string(attribute["label"], `${field}.label`, { min: 1, max: limits.attributeLabel })
    }
    const { value } = attribute
    if (!check.object(value, `${field}.value`, ["label", "url", "style", "icon"])) continue
    check.string(value["label"], `${field}.value.label`, { min: 1 })
    if (value["url"] !== undefined) check.url(value["url"], `${field}.value.url`)
    if (value["icon"] !== undefined) validateIcon(value["icon"], `${field}.value.icon`, check)
    if (value["style"] !== undefined) check.oneOf(value["style"], `${field}.value.style`, lozenges)
  }
}

const lozenges = ["lozenge-success", "lozenge-error", "lozenge-current", "lozenge-complete", "lozenge-moved", "lozenge"]

type Tags = Readonly<Record<string, ReadonlyArray<string>>>

const none: ReadonlyArray<string> = []
const links = ["href", "rel", "data-target", "data-target-options"]
const cells = ["colspan", "rowspan", "valign"]

const cardTags: Tags = { a: links, b: none, i: none, strong: none, span: ["style"] }

const messageTags: Tags = {
  ...cardTags,
  ...Object.fromEntries(
    ["em", "br", "pre", "code", "ul", "ol", "li", "table", "thead", "tbody"].map((tag) => [tag, none])
  ),
  tr: ["valign"],
  td: cells,
  th: cells,
  img: ["src", "alt", "width", "height", "align", "style"]
}

const voidTags = new Set(["br", "img"])

interface Checker {
  readonly refuse: (field: string, problem: string) => void
  readonly object: (value: unknown, field: string, keys: ReadonlyArray<string>) => value is Record<string, unknown>
  readonly type: (value: unknown, field: string, type: "boolean" | "number") => void
  readonly oneOf: (value: unknown, field: string, values: ReadonlyArray<string>) => void
  readonly string: (value: unknown, field: string, length: { readonly min: number; readonly max?: number }) => void
  readonly url: (value: unknown, field: string) => void
  readonly html: (value: unknown, field: string, tags: Tags) => void
  readonly literal: (value: unknown, field: string) => void
}

const checker = (problems: Array<string>): Checker => {
  const refuse = (field: string, problem: string): void => void problems.push(`${field}: ${problem}`)
  const url = (value: unknown, field: string) => {
    if (typeof value !== "string" || !URL.canParse(value) || !/^https?:/.test(value)) refuse(field, "is not a web link")
  }
  return {
    refuse,
    url,
    object: (value, field, keys): value is Record<string, unknown> => {
      if (typeof value !== "object" || value === null || Array.isArray(value)) {
        refuse(field, "is not of type 'object'")
        return false
      }
      for (const key of Object.keys(value)) if (!keys.includes(key)) refuse(field, `has an unknown key '${key}'`)
      return true
    },
    type: (value, field, type) => {
      if (typeof value !== type) refuse(field, `is not of type '${type}'`)
    },
    oneOf: (value, field, values) => {
      if (typeof value !== "string" || !values.includes(value)) refuse(field, `is not one of ${values.join(", ")}`)
    },
    string: (value, field, { max = Infinity, min }) => {
      if (typeof value !== "string") return refuse(field, "is not of type 'string'")
      if (value.length < min || value.length > max) refuse(field, `is not ${min} to ${max} long but ${value.length}`)
      if (!value.isWellFormed()) refuse(field, "has half of a surrogate pair")
      if (/(?!\n)\p{Cc}/u.test(value)) refuse(field, "has a control character")
    },
    html: (value, field, tags) => {
      if (typeof value !== "string") return refuse(field, "is not of type 'string'")
      for (const problem of htmlProblems(value, tags)) refuse(field, problem)
    },
    literal: (value, field) => {
      if (typeof value !== "string") return
      if (/@[\p{L}\p{N}_]/u.test(value)) refuse(field, "mentions someone")
      if (/\([\p{L}\p{N}]+\)/u.test(value)) refuse(field, "has an emoticon")
      if (/(?<![\p{L}\p{N}])(?:[:;]['’]?-?[()|]|8-?\)|[:;]-?[DPpOo](?![\p{L}\p{N}]))/u.test(value)) {
        refuse(field, "has a smiley")
      }
      if (/^\s*\//.test(value)) refuse(field, "is a command")
    }
  }
}

const htmlProblems = (html: string, tags: Tags): ReadonlyArray<string> => {
  const { problems, tokens } = read(html)
  const open: Array<string> = []
  for (const token of tokens) {
    if (token._tag === "Text") continue
    const allowed = Object.hasOwn(tags, token.name) ? tags[token.name] : undefined
    if (allowed === undefined) problems.push(`has the tag <${token.name}>`)
    if (token._tag === "Close") {
      if (open.pop() !== token.name) problems.push(`closes <${token.name}> out of turn`)
      continue
    }
    for (const [key, value] of token.attributes) {
      if (allowed?.includes(key) !== true) problems.push(`has the attribute ${key} in <${token.name}>`)
      if ((key === "href" || key === "src") && !(URL.canParse(value) && /^https?:/.test(value))) {
        problems.push(`has a ${key} that is not a web link`)
      }
      if (key === "style" && !safeStyle.test(value)) problems.push("has a style that is not allowed")
    }
    if (!voidTags.has(token.name)) open.push(token.name)
  }
  if (open.length > 0) problems.push(`does not close <${open.join("><")}>`)
  return problems
}

const safeStyle = /^(\s*(font-weight|color|text-decoration|height|width)\s*:[^:;]+;?)*\s*$/
