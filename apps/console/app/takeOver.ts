import { flushSync } from "react-dom"
import { queryClient } from "./data/queryClient.ts"
import { sessionQuery } from "./data/session.ts"
import { alertPages } from "./pages/alerts/filters.ts"
import { router } from "./router.tsx"
import { alertParameters, texts } from "./searchParameters.ts"

/**
 * Renders the application. If the first rows or the frame of another page are on screen already, it replaces them in one
 * step, when it has the same rows or that page: nothing flashes, and position, focus and the keys that were pressed
 * meanwhile are kept.
 */
export const takeOver = async (root: HTMLElement, render: () => void): Promise<void> => {
  const handover = globalThis.tocsinHandover
  if (handover?.isDrawn !== true) return render()

  const table = root.querySelector("[role=table]")
  await Promise.allSettled([router.load(), ...(table === null ? [] : [queryClient.ensureQueryData(sessionQuery)])])
  if (table !== null) {
    const list = alertPages(texts(...alertParameters)(Object.fromEntries(new URLSearchParams(location.search))))
    await list.isRead
    list.scrollTop = table.scrollTop
  }
  const focused = root.contains(document.activeElement) ? document.activeElement : null
  const href = focused?.getAttribute("href")

  handover.isDrawn = false
  flushSync(render)

  const again = root.querySelector<HTMLElement>(href ? `a[href="${CSS.escape(href)}"]` : "[role=table]")
  if (focused !== null) again?.focus({ preventScroll: true })
  for (const key of handover.keys) {
    const target = document.activeElement ?? document.body
    target.dispatchEvent(new KeyboardEvent("keydown", key))
  }
}
