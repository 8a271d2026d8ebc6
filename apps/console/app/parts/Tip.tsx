import { useEffect, useRef, useState } from "react"
import "./Tip.css"

interface Shown {
  readonly text: string
  readonly left: number
  readonly top: number
}

/**
 * The page's one tooltip: the `data-exact` of the element under the pointer or with focus; for a row with focus, those
 * of its times. Escape hides it, and it stays while the pointer is on it.
 */
export const Tip = () => {
  const [shown, setShown] = useState<Shown>()
  const tip = useRef<HTMLDivElement>(null)

  useEffect(() => {
    let from: Element | undefined
    /** What Escape hid the tooltip of: it stays hidden until the pointer leaves. */
    let dismissed: Element | undefined
    const show = (element: Element, elements: ReadonlyArray<Element>) => {
      const text = elements.map((one) => one.getAttribute("data-exact")).join(" · ")
      const box = (elements[0] ?? element).getBoundingClientRect()
      from = element
      setShown({ text, left: box.left, top: box.bottom + 6 })
    }
    const hide = () => {
      from = undefined
      setShown(undefined)
    }
    const move = ({ clientX, clientY, target }: PointerEvent) => {
      if (!(target instanceof Element) || tip.current?.contains(target)) return
      const element = target.closest("[data-exact]") ?? below(target, clientX, clientY)
      if (element === (from ?? dismissed)) return
      dismissed = undefined
      if (element !== undefined) show(element, [element])
      else if (from !== undefined && !from.contains(document.activeElement)) hide()
    }
    const focus = ({ target }: Event) => {
      if (!(target instanceof Element) || !target.matches(":focus-visible")) return
      const own = target.hasAttribute("data-exact")
      const row = own ? target : target.closest("[data-times]")
      const times = own ? [target] : [...(row?.querySelectorAll("[data-exact]") ?? [])]
      if (row !== null && times.length > 0) show(row, times)
      else hide()
    }
    const key = (event: KeyboardEvent) => {
      if (event.key !== "Escape" || from === undefined) return
      dismissed = from
      hide()
      event.stopPropagation()
    }
    document.addEventListener("pointermove", move)
    document.addEventListener("pointerdown", hide)
    document.addEventListener("focusin", focus)
    document.addEventListener("keydown", key, true)
    document.addEventListener("scroll", hide, true)
    return () => {
      document.removeEventListener("pointermove", move)
      document.removeEventListener("pointerdown", hide)
      document.removeEventListener("focusin", focus)
      document.removeEventListener("keydown", key, true)
      document.removeEventListener("scroll", hide, true)
    }
  }, [])

  if (shown === undefined) return null
  const left = Math.max(8, Math.min(shown.left, innerWidth - 260))
  const isLow = shown.top > innerHeight - 60
  return (
    <div
      ref={tip}
      className="tip numbers"
      role="tooltip"
      style={isLow ? { left, bottom: innerHeight - shown.top + 32 } : { left, top: shown.top }}
    >
      {shown.text}
    </div>
  )
}

/** The time under the pointer in a row whose link covers all of it. */
const below = (target: Element, x: number, y: number): Element | undefined =>
  target.matches(".row-link, .row-link *")
    ? document.elementsFromPoint(x, y).find((element) => element.hasAttribute("data-exact"))
    : undefined
