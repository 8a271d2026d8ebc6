/**
 * The script of the page's first moment. It draws the first rows with the same components as the application, before
 * the application and its libraries are loaded, unless they are in the page already, and then loads them. Of other pages
 * it draws the frame, the heading and a skeleton. All of it is markup: links work, other controls are inert, and keys
 * that are pressed are handed to the application.
 */
import { showTheme } from "../data/preferences.ts"
import { keepReader } from "../data/reader.ts"
import { wasHere } from "../data/seen.ts"
import { Alerts } from "../pages/alerts/Alerts.tsx"
import { alertPages } from "../pages/alerts/filters.ts"
import { Pending } from "../shell/Pending.tsx"
import { Shell } from "../shell/Shell.tsx"
import { handover } from "./answer.ts"
import { patience } from "./patience.ts"
import { outlet, search } from "./router.tsx"

const { app = "", imports = "" } = document.querySelector<HTMLScriptElement>("script[data-app]")?.dataset ?? {}

const load = (): void => {
  for (const href of imports.split(" ")) {
    const link = document.createElement("link")
    link.rel = "modulepreload"
    link.href = href
    document.head.append(link)
  }
  void import(/* @vite-ignore */ app)
}

/** Draws the frame with a page in it, unless it is there. The script runs once the style sheet is there. */
const draw = (page: typeof outlet.content): void => {
  const root = document.getElementById("root")
  if (root === null || handover.isDrawn) return
  outlet.content = page
  if (!root.hasChildNodes()) root.append(Shell() as unknown as Node)
  document.title = `${root.querySelector("h1")?.textContent} - Tocsin`
  addEventListener("keydown", ({ altKey, code, ctrlKey, key, metaKey, shiftKey }) => {
    if (handover.isDrawn)
      handover.keys.push({ key, code, altKey, ctrlKey, metaKey, shiftKey, bubbles: true, cancelable: true })
  })
  handover.isDrawn = true
}

/** Makes the list as long as all of its rows, which HTML without styles cannot say. */
const stretch = (root: HTMLElement, rows: number): void => {
  const body = root.querySelector<HTMLElement>(".long-body")
  const row = body?.firstElementChild
  if (body && row) body.style.height = `${rows * row.getBoundingClientRect().height}px`
}

/** Draws the rows once they are there. */
const drawRows = (): void => {
  const { total } = alertPages(search())
  // An empty gateway has another page.
  if (total !== undefined && total > 0) draw(() => Alerts())
}

globalThis.tocsinHandover = handover
showTheme()
if (location.pathname === "/console/") history.replaceState(null, "", "/console/alerts" + location.search)
if (/^\/console\/alerts\/?$/.test(location.pathname)) {
  const root = document.getElementById("root")
  const isInPage = root?.hasChildNodes() === true
  const list = alertPages(search())
  let isLoading = false
  const loadOnce = () => {
    if (isLoading) return
    isLoading = true
    load()
  }
  list.subscribe(() => {
    // The application that loads draws the page itself.
    if (!isLoading) drawRows()
    if (!handover.isDrawn) return loadOnce()
    // The rows are on screen first.
    new PerformanceObserver((entries) => {
      if (entries.getEntriesByName("first-contentful-paint").length === 0) return
      loadOnce()
      // What the gateway drew is for the browser as it was on the last visit.
      const isKnown = keepReader()
      if (root === null || !isInPage || !handover.isDrawn) return
      if (isKnown) stretch(root, list.total ?? 0)
      else root.replaceChildren(Shell() as unknown as Node)
    }).observe({ type: "paint", buffered: true })
  })
  setTimeout(loadOnce, patience)
} else {
  // Nobody who has to sign in sees the frame first.
  if (wasHere()) draw(() => Pending())
  load()
}
