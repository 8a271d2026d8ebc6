import { useEffect, useState } from "react"

const narrow = matchMedia("(max-width: 60rem)")
const line = 1.1875
const padding = 0.9375

const measure = ({ narrow: few, wide }: { readonly narrow: number; readonly wide: number }): number => {
  const rem = Number.parseFloat(getComputedStyle(document.documentElement).fontSize)
  return Math.round(rem * (padding + line * (narrow.matches ? few : wide)))
}

/** The height of a row in pixels, which follows the width of the window and the size of the text. */
export const useRowHeight = (lines: { readonly wide: number; readonly narrow: number }): number => {
  const [height, setHeight] = useState(() => measure(lines))
  const { narrow, wide } = lines
  useEffect(() => {
    const observer = new ResizeObserver(() => setHeight(measure({ narrow, wide })))
    observer.observe(document.documentElement)
    return () => observer.disconnect()
  }, [narrow, wide])
  return height
}
