import { escapeHtml, severityRank } from "@tocsin/core"
import type { DigestContent } from "@tocsin/delivery"
import { DateTime } from "effect"

/** The page that lists the alerts of a digest, the most severe first. */
export const digestPage = ({ alerts, at }: DigestContent): string => {
  const time = DateTime.formatIso(DateTime.makeUnsafe(at))
  const rows = alerts
    .toSorted((a, b) => severityRank(b.severity) - severityRank(a.severity))
    .map(
      ({ kind, name, severity }) =>
        `<tr><td>${severity}</td><td>${words[kind] ?? ""}</td><td>${escapeHtml(name)}</td></tr>`
    )
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${alerts.length} alerts</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; color-scheme: light dark }
table { border-collapse: collapse; width: 100% }
td, th { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid #8884; vertical-align: top }
</style>
</head>
<body>
<h1>${alerts.length} alerts</h1>
<p>Sent as one message at <time datetime="${time}">${time}</time>, because more alerts were pending than the channel takes in a minute.</p>
<table>
<thead><tr><th scope="col">Severity</th><th scope="col">State</th><th scope="col">Alert</th></tr></thead>
<tbody>
${rows.join("\n")}
</tbody>
</table>
</body>
</html>
`
}

const words: { readonly [kind: string]: string } = {
  Raised: "raised",
  Escalated: "raised",
  Cleared: "cleared",
  RaisedAndCleared: "raised and cleared"
}
