import { Predicate } from "effect"
import * as limits from "../limits.ts"

/** The contents that a payload may have besides text, links and dates. */
export interface ValidateOptions {
  /** The mentions that the settings name, as they are written: `<!here>`, `<!subteam^S012AB3CD>`, `<@U012AB3CD>`. */
  readonly mentions?: ReadonlyArray<string>
}

/** A problem of a payload, and the code with which Slack refuses it. */
export interface Problem {
  readonly code: string
  readonly message: string
}

/**
 * Checks a payload against Slack's documentation and the rules for alerts: no mentions except those of the settings, no
 * emoji, no automatic links, no text that Slack would split. Returns one sentence for each problem.
 */
export const validate = (payload: unknown, options: ValidateOptions = {}): ReadonlyArray<string> =>
  problems(payload, options).map(({ message }) => message)

/** Finds the problems that `validate` reports, with Slack's codes. */
export const problems = (payload: unknown, { mentions = [] }: ValidateOptions): ReadonlyArray<Problem> => {
  const found: Array<Problem> = []
  let texts = 0

  const check = (holds: boolean, code: string, message: string): boolean => {
    if (!holds) found.push({ code, message })
    return holds
  }

  const only = (value: object, keys: ReadonlyArray<string>, code: string, at: string) => {
    for (const key of Object.keys(value)) check(keys.includes(key), code, `${at}: ${key} does not belong here`)
  }

  /** A text that Slack parses for `&`, `<` and `>`. */
  const markup = (value: unknown, max: number, code: string, at: string) => {
    if (!check(Predicate.isString(value), code, `${at}: not a string`) || !Predicate.isString(value)) return
    check(value.trim() !== "", code, `${at}: empty`)
    check(value.length <= max, code === "no_text" ? "msg_too_long" : code, `${at}: ${value.length} of ${max} units`)
    check(value.isWellFormed(), "invalid_payload", `${at}: half a surrogate pair`)
    // oxlint-disable-next-line no-control-regex
    check(!/[\u0000-\u0009\u000B-\u001F\u007F-\u009F]/.test(value), "invalid_payload", `${at}: a control character`)
    for (const [token] of value.matchAll(/<[^<>]*>/g)) {
      const known = mentions.includes(token) || link.test(token) || date.test(token)
      check(known, code, `${at}: ${token.slice(0, 40)} is no link, no date and no mention of the settings`)
    }
    const rest = value.replace(/<[^<>]*>/g, "")
    check(!/[<>]/.test(rest), code, `${at}: a bare < or >`)
    check(!/&(?!(amp|lt|gt);)/.test(value), code, `${at}: a bare &`)
    // A host can be an IPv6 address, in which nothing can be encoded, and is not shown.
    const [emoji] = /:[\p{L}\p{M}\p{N}_＿+＋'-]+:/u.exec(value.replace(/<https?:\/\/[^/|]*/g, "<")) ?? []
    check(emoji === undefined, code, `${at}: ${emoji?.slice(0, 40)} is an emoji`)
  }

  const textObject = (value: unknown, max: number, at: string) => {
    if (!check(Predicate.isObject(value), "invalid_blocks", `${at}: no text object`)) return
    if (!Predicate.isObject(value)) return
    only(value, ["type", "text", "verbatim"], "invalid_blocks", at)
    check(value["type"] === "mrkdwn", "invalid_blocks", `${at}: not mrkdwn`)
    check(value["verbatim"] === true, "invalid_blocks", `${at}: not verbatim`)
    markup(value["text"], max, "invalid_blocks", at)
    if (Predicate.isString(value["text"])) texts += value["text"].length
  }

  /** A list with 1 to `max` members. */
  const members = (value: unknown, max: number, code: string, at: string): ReadonlyArray<unknown> => {
    if (!Array.isArray(value)) return (check(false, code, `${at}: no list`), [])
    check(value.length >= 1 && value.length <= max, code, `${at}: ${value.length} members of 1 to ${max}`)
    return value
  }

  const block = (value: unknown, ids: Set<string>, at: string) => {
    if (!check(Predicate.isObject(value), "invalid_blocks", `${at}: no block`) || !Predicate.isObject(value)) return
    const { block_id: id, elements, fields, text, type } = value
    const parts = { section: ["text", "fields"], context: ["elements"], divider: [] }[String(type)]
    if (parts === undefined) return check(false, "invalid_blocks", `${at}: a type that not all clients show`)
    only(value, ["type", "block_id", ...parts], "invalid_blocks", at)
    if (id !== undefined) {
      const good = Predicate.isString(id) && id.length <= limits.maxBlockId && !ids.has(id)
      check(good, "invalid_blocks", `${at}: block_id is longer than ${limits.maxBlockId} or stands twice`)
      if (Predicate.isString(id)) ids.add(id)
    }
    if (type === "section") {
      check(text !== undefined || fields !== undefined, "invalid_blocks", `${at}: neither text nor fields`)
      if (text !== undefined) textObject(text, limits.maxTextObject, `${at}.text`)
      if (fields !== undefined) {
        members(fields, limits.maxFields, "invalid_blocks", `${at}.fields`).forEach((field, n) =>
          textObject(field, limits.maxField, `${at}.fields[${n}]`)
        )
      }
    }
    if (type === "context") {
      members(elements, limits.maxContextElements, "invalid_blocks", `${at}.elements`).forEach((element, n) =>
        textObject(element, limits.maxTextObject, `${at}.elements[${n}]`)
      )
    }
  }

  const blocks = (value: unknown, at: string) => {
    const ids = new Set<string>()
    const before = texts
    members(value, limits.maxBlocks, "invalid_blocks", at).forEach((one, n) => block(one, ids, `${at}[${n}]`))
    const size = texts - before
    check(size <= limits.maxBlocksText, "msg_blocks_too_long", `${at}: ${size} of ${limits.maxBlocksText} units`)
  }

  const attachment = (value: unknown, at: string) => {
    if (!check(Predicate.isObject(value), "invalid_attachments", `${at}: no attachment`)) return
    if (!Predicate.isObject(value)) return
    // An attachment has either blocks or the legacy fields; only these two go with blocks.
    only(value, ["color", "fallback", "blocks"], "invalid_attachments", at)
    const { color } = value
    check(Predicate.isString(color) && colorPattern.test(color), "invalid_attachments", `${at}.color: no colour`)
    markup(value["fallback"], limits.maxTextObject, "invalid_attachments", `${at}.fallback`)
    blocks(value["blocks"], `${at}.blocks`)
  }

  if (!check(Predicate.isObject(payload), "invalid_payload", "no JSON object") || !Predicate.isObject(payload)) {
    return found
  }
  const { attachments, channel, mrkdwn, parse, text, unfurl_links: links, unfurl_media: media } = payload
  only(payload, keys, "invalid_payload", "payload")
  markup(text, limits.maxText, "no_text", "text")
  check(parse === "none", "invalid_payload", "parse: not none")
  check(links === false && media === false, "invalid_payload", "unfurl_links, unfurl_media: not false")
  check(mrkdwn === undefined || mrkdwn === false, "invalid_payload", "mrkdwn: neither absent nor false")
  check(channel === undefined || (Predicate.isString(channel) && channel !== ""), "invalid_payload", "channel: empty")
  if (payload["blocks"] !== undefined) blocks(payload["blocks"], "blocks")
  if (attachments !== undefined) {
    members(attachments, limits.maxAttachments, "too_many_attachments", "attachments").forEach((one, n) =>
      attachment(one, `attachments[${n}]`)
    )
  }
  return found
}

const keys = ["text", "attachments", "blocks", "channel", "mrkdwn", "parse", "unfurl_links", "unfurl_media"]
const link = /^<https?:\/\/[^\s|]+\|[^|\n]+>$/
const date = /^<!date\^\d{1,12}\^[^|^<>]*\{[a-z_]+\}[^|^<>]*\|[^|]+>$/
const colorPattern = /^(good|warning|danger|#[0-9A-Fa-f]{6})$/
