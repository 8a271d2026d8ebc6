/**
 * The page with its first rows, drawn once. The build wraps this with all that it imports into a function of a reader,
 * who stands in for the browser: `document`, `Intl` and the like are the reader's.
 */
import { Alerts } from "../pages/alerts/Alerts.tsx"
import { alertPages } from "../pages/alerts/filters.ts"
import { Shell } from "../shell/Shell.tsx"
import type { HtmlNode } from "./nodes.ts"
import { outlet } from "./router.tsx"

/** The frame and the rows; undefined if there are none, as an empty gateway has another page. */
const drawn = async (): Promise<string | undefined> => {
  const list = alertPages({})
  await list.isRead
  if (list.total === undefined || list.total === 0) return undefined
  outlet.content = () => Alerts()
  return (Shell() as unknown as HtmlNode).toString()
}

export default drawn
