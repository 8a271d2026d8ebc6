import { DateTime } from "effect"
import type { Block, Preview, Span } from "../Preview.ts"
import { timeText } from "../Message.ts"
import { escapeHtml } from "../text.ts"

/**
 * A preview as HTML without scripts or styles of its own; the accent is an SVG image, which a strict
 * Content-Security-Policy allows.
 */
export const html = ({ accent, blocks }: Preview): string =>
  `<div class="message">${bar(accent)}<div>${blocks.map(block).join("")}</div></div>`

/** A presentation attribute of SVG is not a style, so `style-src` need not allow any. */
const bar = (accent: string | undefined): string =>
  accent === undefined
    ? ""
    : `<svg class="accent" role="img" aria-label="${escapeHtml(accent)}"><rect width="100%" height="100%" fill="${escapeHtml(accent)}"/></svg>`

const block = (block: Block): string => {
  switch (block._tag) {
    case "Heading":
      return `<h3>${spans(block.spans)}</h3>`
    case "Text":
      return `<p>${spans(block.spans)}</p>`
    case "Facts":
      return `<dl>${block.facts
        .map((fact) => `<div><dt>${escapeHtml(fact.label)}</dt><dd>${spans(fact.spans)}</dd></div>`)
        .join("")}</dl>`
    case "List":
      return `${block.title === undefined ? "" : `<h4>${escapeHtml(block.title)}</h4>`}<ul>${block.items
        .map((item) => `<li>${spans(item)}</li>`)
        .join("")}</ul>`
    case "Code":
      return `<pre>${escapeHtml(block.text)}</pre>`
    case "Quote":
      return `<blockquote>${spans(block.spans)}</blockquote>`
    case "Rule":
      return "<hr>"
    case "Footer":
      return `<footer>${spans(block.spans)}</footer>`
  }
}

const spans = (spans: ReadonlyArray<Span>): string => spans.map(span).join("")

const span = (span: Span): string => {
  switch (span._tag) {
    case "Plain":
      return escapeHtml(span.text)
    case "Strong":
      return `<strong>${escapeHtml(span.text)}</strong>`
    case "Emphasis":
      return `<em>${escapeHtml(span.text)}</em>`
    case "Code":
      return `<code>${escapeHtml(span.text)}</code>`
    case "Link":
      return `<a href="${escapeHtml(span.link.href)}" rel="noreferrer">${escapeHtml(span.text)}</a>`
    case "Mention":
      return `<mark>${escapeHtml(span.text)}</mark>`
    case "Time":
      return `<time datetime="${DateTime.formatIso(span.at)}">${timeText(span.at)}</time>`
  }
}
