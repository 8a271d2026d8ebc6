/**
 * The start page with its first rows as HTML, for the gateway: a browser shows them before it runs any script. The
 * build writes this to `page.mjs`, beside `index.html`.
 */
import { readerCookie } from "../data/handover.ts"
import { makeDrawn } from "virtual:drawn"
import { HtmlNode } from "./nodes.ts"

/** A request for the page, and the answer that is in it. */
interface From {
  readonly answerOf: string
  readonly answer: string
  /** The answer's `Date`. */
  readonly date: string
  readonly cookie: string
  readonly userAgent: string
}

const paths = { pathname: "/console/alerts", origin: "http://localhost" }

/** The tallest window whose rows are all drawn. */
const tallest = 3000

/** Formats take longer to make than all else that is drawn. */
const formats = new Map<string, Intl.DateTimeFormat>()
const mostFormats = 64

const dateFormat = (language: string | undefined, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat => {
  const key = JSON.stringify([language, options])
  const known = formats.get(key)
  if (known !== undefined) return known
  if (formats.size >= mostFormats) formats.clear()
  const made = new Intl.DateTimeFormat(language, options)
  formats.set(key, made)
  return made
}

const quarter = 15 * 60_000

/** The minutes from a zone's time to UTC, which change at quarters of an hour. */
const offsets = (format: Intl.DateTimeFormat) => {
  const known = new Map<number, number>()
  return (date: Date): number => {
    const at = Math.floor(date.getTime() / quarter)
    const found = known.get(at)
    if (found !== undefined) return found
    const [, sign, hours = "0", minutes = "0"] = /GMT([+-])(\d+):(\d+)/.exec(format.format(date)) ?? []
    const offset = (sign === "-" ? 1 : -1) * (Number(hours) * 60 + Number(minutes))
    known.set(at, offset)
    return offset
  }
}

/** What stands in for the browser of a reader. */
const readerOf = (kept: URLSearchParams, { answer, answerOf, date, userAgent }: From) => {
  const language = kept.get("language") ?? undefined
  const timeZone = kept.get("timeZone") ?? undefined
  const here = { ...(timeZone !== undefined && { timeZone }) }
  const offsetAt = offsets(dateFormat("en", { ...here, timeZoneName: "longOffset" }))
  return {
    Node: HtmlNode,
    Date: class extends Date {
      override getTimezoneOffset(): number {
        return offsetAt(this)
      }
    },
    Intl: {
      DateTimeFormat: class {
        constructor(_: unknown, options: Intl.DateTimeFormatOptions) {
          return dateFormat(language, { ...here, ...options })
        }
      },
      NumberFormat: class extends Intl.NumberFormat {
        constructor() {
          super(language)
        }
      },
      PluralRules: class extends Intl.PluralRules {
        constructor() {
          super(language)
        }
      }
    },
    document: {
      documentElement: { dataset: {} },
      createElement: (tag: string) => new HtmlNode(tag),
      createElementNS: (_: string, tag: string) => new HtmlNode(tag),
      querySelector: () => ({ dataset: { answerOf, date }, textContent: answer })
    },
    location: paths,
    navigator: { userAgent },
    localStorage: { getItem: (key: string) => kept.get(key.replace("tocsin.", "")) },
    matchMedia: () => ({ matches: kept.get("narrow") === "true" }),
    getComputedStyle: () => ({ fontSize: "16px" }),
    innerHeight: Math.min(Number(kept.get("height")), tallest),
    addEventListener: () => undefined
  }
}

/** What stands in for a reader's browser. */
export type Reader = ReturnType<typeof readerOf>

const keptIn = (cookie: string): URLSearchParams | undefined => {
  const [, kept] = new RegExp(`(?:^|; )${readerCookie}=([^;]*)`).exec(cookie) ?? []
  return kept === undefined ? undefined : new URLSearchParams(kept)
}

/** The script of the first rows, loaded once they are on screen. */
const afterwards = (script: string): string =>
  script.replace(/src="([^"]*)" defer blocking="render" data-later="([^"]*)"/, 'src="$2" async data-first="$1"')

/** The page for the browser that sent these cookies, to be drawn; undefined if the browser was not here before. */
export const pageFor = (html: string, cookie: string): string | undefined => {
  const kept = keptIn(cookie)
  if (kept === undefined) return undefined
  const [script = ""] = /<script src="[^>]*><\/script>/.exec(html) ?? []
  const [styles = ""] = /<link rel="stylesheet"[^>]*>/.exec(html) ?? []
  const theme = /^(?:light|dark)$/.exec(kept.get("theme") ?? "")?.[0]
  return (
    html
      .replace("<html", theme === undefined ? "<html" : `<html data-theme="${theme}"`)
      .replace("<title>", "<title>Alerts - ")
      .replace(script, "")
      .replace(styles, "")
      // No frame comes before the rows, and they are not laid out before their styles are there.
      .replace("</head>", '<link rel="expect" href="#root" blocking="render"></head>')
      .replace("<body>", `<body>${styles}`)
      .replace("</body>", `${afterwards(script)}</body>`)
  )
}

/** The frame and the first rows as HTML; empty if the browser has to draw them. */
export const draw = async (from: From): Promise<string> => {
  const kept = keptIn(from.cookie)
  if (kept === undefined) return ""
  try {
    return (await makeDrawn(readerOf(kept, from))()) ?? ""
  } catch {
    // A browser may have sent a language or a zone that is none.
    return ""
  }
}
