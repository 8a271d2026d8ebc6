import { Preview } from "@tocsin/core"
import { Predicate } from "effect"
import { mailOf } from "./mailOf.ts"

/** An e-mail as a person sees it: its HTML, or its text; without a block if it is none. */
export const see = (raw: unknown): Preview.Preview => {
  if (!Predicate.isString(raw) || raw === "") return { blocks: [] }
  const { html, text } = mailOf(raw)
  if (html === undefined) return { blocks: [{ _tag: "Text", spans: [{ _tag: "Plain", text }] }] }
  const [, accent] = /bgcolor="(#[0-9A-F]{6})"/.exec(html) ?? []
  return { ...(accent !== undefined && { accent }), blocks: [...html.matchAll(element)].flatMap(block) }
}

const element =
  /<h1>(?<h1>.*?)<\/h1>|<table role="presentation">(?<facts>.*?)<\/table>|<h2>(?<h2>.*?)<\/h2>|<ul>(?<list>.*?)<\/ul>|<p(?<footer> class="footer")?>(?<p>.*?)<\/p>/gs

const block = ({ groups = {} }: RegExpExecArray): ReadonlyArray<Preview.Block> => {
  const { facts, footer, h1, h2, list, p } = groups as { readonly [name: string]: string | undefined }
  if (h1 !== undefined) return [{ _tag: "Heading", spans: spans(h1) }]
  if (h2 !== undefined) return [{ _tag: "Text", spans: spans(h2) }]
  if (facts !== undefined) {
    const rows = [...facts.matchAll(/<td class="label">(.*?)<\/td><td>(.*?)<\/td>/gs)]
    return [
      {
        _tag: "Facts",
        facts: rows.map(([, label = "", value = ""]) => ({ label: unescape(label), spans: spans(value) }))
      }
    ]
  }
  if (list !== undefined) {
    return [{ _tag: "List", items: [...list.matchAll(/<li>(.*?)<\/li>/gs)].map(([, item = ""]) => spans(item)) }]
  }
  return [{ _tag: footer === undefined ? "Text" : "Footer", spans: spans(p ?? "") }]
}

const spans = (html: string): ReadonlyArray<Preview.Span> =>
  Preview.readSpans(html, /<a href="(?<href>[^"]*)">(?<label>[^<]*)<\/a>/g, {
    unescape,
    read: ({ href = "", label = "" }) => ({ _tag: "Link", text: unescape(label), link: new URL(unescape(href)) })
  })

const unescape = (html: string): string =>
  html
    .replaceAll("<br>", "\n")
    .replace(/&(lt|gt|amp|quot|#39);/g, (_, name: string) => named[name] ?? "")
    .replaceAll("\u200B", "")

const named: { readonly [name: string]: string } = { lt: "<", gt: ">", amp: "&", quot: '"', "#39": "'" }
