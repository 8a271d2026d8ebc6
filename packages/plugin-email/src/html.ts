/**
 * The HTML part of an e-mail.
 */
import { dividedLinks, escapeHtml, type Preview } from "@tocsin/core"

/** Programs that know no dark colours of an e-mail invert the light ones. */
const style = `:root{color-scheme:light dark;supported-color-schemes:light dark}
body{margin:0;padding:16px;background:#ffffff;color:#1d1c1d;font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,Arial,sans-serif}
table{border-collapse:collapse}td{vertical-align:top;text-align:left;overflow-wrap:anywhere}
h1{margin:0 0 8px;font-size:19px;line-height:1.3}h2{margin:16px 0 4px;font-size:15px}p{margin:0 0 8px}
ul{margin:0 0 8px;padding-left:20px}a{color:#0b57d0}.label{padding:2px 16px 2px 0;color:#5f5e60;white-space:nowrap}
.footer{margin-top:16px;color:#5f5e60;font-size:13px}
@media(prefers-color-scheme:dark){body{background:#1a1d21;color:#e8e8e8}a{color:#8ab4f8}.label,.footer{color:#ababad}}`

/** Writes a message as a document without scripts, pictures or anything else that a program would fetch. */
export const html = ({ accent = "#9E9E9E", blocks }: Preview.Preview, title: string): string =>
  `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="color-scheme" content="light dark"><title>${escapeHtml(title)}</title>
<style>${style}</style></head>
<body><table role="presentation" width="100%"><tr><td width="4" bgcolor="${accent}" style="background:${accent}"></td>
<td style="padding-left:16px">
${blocks.map(write).join("\n")}
</td></tr></table></body></html>
`

const write = (block: Preview.Block): string => {
  switch (block._tag) {
    case "Heading":
      return `<h1>${spans(block.spans)}</h1>`
    case "Facts":
      return `<table role="presentation">${block.facts
        .map(({ label, spans: value }) => `<tr><td class="label">${text(label)}</td><td>${spans(value)}</td></tr>`)
        .join("\n")}</table>`
    case "List":
      return `<h2>${text(block.title ?? "")}</h2>\n<ul>${block.items
        .map((item) => `<li>${spans(item)}</li>`)
        .join("\n")}</ul>`
    case "Footer":
      return `<p class="footer">${spans(block.spans)}</p>`
    case "Text":
      return `<p>${spans(block.spans)}</p>`
    default:
      return ""
  }
}

const spans = (all: ReadonlyArray<Preview.Span>): string =>
  all
    .map((span) => {
      const inner = "text" in span ? text(span.text) : ""
      return span._tag === "Link" ? `<a href="${escapeHtml(span.link.href)}">${inner}</a>` : inner
    })
    .join("")

const text = (foreign: string): string => escapeHtml(dividedLinks(foreign)).replaceAll("\n", "<br>")
