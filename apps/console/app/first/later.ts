/**
 * Loads the script of the first rows into a page that has them already, once they are on screen: until then, the browser
 * has nothing else to do.
 */
import { patience } from "./patience.ts"

const { first = "" } = document.currentScript?.dataset ?? {}

const load = (): void => void import(/* @vite-ignore */ first)

/** Loading it a second time does nothing. */
if (document.getElementById("root")?.hasChildNodes() === true) {
  new PerformanceObserver((entries) => {
    if (entries.getEntriesByName("first-contentful-paint").length > 0) load()
  }).observe({ type: "paint", buffered: true })
  setTimeout(load, patience)
} else load()
