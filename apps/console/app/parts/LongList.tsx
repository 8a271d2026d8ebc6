import { defaultRangeExtractor, type Range, useVirtualizer } from "@tanstack/react-virtual"
import {
  type FocusEvent,
  type KeyboardEvent,
  type ReactNode,
  useEffect,
  useLayoutEffect,
  useRef,
  useState
} from "react"
import { useRowHeight } from "./useRowHeight.ts"
import "./LongList.css"

interface Props {
  readonly label: string
  /** The headers of the columns. */
  readonly columns: ReadonlyArray<ReactNode>
  readonly className: string
  readonly count: number
  /** The cells of a row, or undefined while they are being read. */
  readonly row: (
    index: number
  ) => { readonly key: string; readonly className: string; readonly cells: ReactNode } | undefined
  readonly onShown: (first: number, last: number) => void
  readonly scrollTop: number
  readonly onScroll: (scrollTop: number, isRead: boolean) => void
  /** Rows of text in a row of the list, wide and narrow. */
  readonly lines: { readonly wide: number; readonly narrow: number }
}

/**
 * A table of any length, of which only the visible rows are in the document. The table takes focus: Home and End go to
 * the first and last row, the arrow keys to the next row.
 */
export const LongList = ({ className, columns, count, label, lines, onScroll, onShown, row, scrollTop }: Props) => {
  const scroller = useRef<HTMLDivElement>(null)
  const rowHeight = useRowHeight(lines)
  const [focused, setFocused] = useState<number>()
  const wanted = useRef<number | undefined>(undefined)

  const virtual = useVirtualizer({
    count,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 8,
    initialOffset: scrollTop,
    // The row with focus stays in the document, so that the reader keeps the position.
    rangeExtractor: (range: Range) => {
      const rows = defaultRangeExtractor(range)
      return focused === undefined || focused >= count || rows.includes(focused)
        ? rows
        : [...rows, focused].sort((a, b) => a - b)
    }
  })
  useEffect(() => virtual.measure(), [virtual, rowHeight])

  const items = virtual.getVirtualItems()
  const first = virtual.range?.startIndex ?? 0
  const last = virtual.range?.endIndex ?? 0
  useEffect(() => {
    // Rows that only scroll past are not read.
    const timer = setTimeout(() => onShown(first, last), virtual.isScrolling ? 90 : 0)
    return () => clearTimeout(timer)
  }, [first, last, count, onShown, virtual.isScrolling])

  useLayoutEffect(() => {
    const index = wanted.current
    if (index === undefined) return
    const link = scroller.current?.querySelector<HTMLElement>(`[aria-rowindex="${index + 2}"] a`)
    if (!link) return
    wanted.current = undefined
    link.focus({ preventScroll: true })
  })

  const go = (index: number, isFocused: boolean) => {
    const to = Math.max(0, Math.min(count - 1, index))
    if (isFocused) {
      wanted.current = to
      setFocused(to)
    }
    virtual.scrollToIndex(to, { align: "auto" })
  }

  const key = (event: KeyboardEvent) => {
    const isOnRow = event.target !== scroller.current
    const page = Math.max(1, last - first - 1)
    // The virtualizer reports a scroll one frame later, when the next key may have been pressed already.
    const top = Math.floor((scroller.current?.scrollTop ?? 0) / rowHeight)
    const at = isOnRow && focused !== undefined ? focused : top
    const to = {
      Home: 0,
      End: count - 1,
      ArrowDown: isOnRow ? at + 1 : top,
      ArrowUp: isOnRow ? at - 1 : top,
      PageDown: at + page,
      PageUp: at - page
    }[event.key]
    if (to === undefined || event.altKey || event.ctrlKey || event.metaKey) return
    event.preventDefault()
    go(to, isOnRow || event.key.startsWith("Arrow"))
  }

  const rowOf = (event: FocusEvent) => {
    const index = Number(
      event.target instanceof Element ? event.target.closest("[aria-rowindex]")?.getAttribute("aria-rowindex") : null
    )
    setFocused(index >= 2 ? index - 2 : undefined)
  }

  const isRead = () => {
    const element = scroller.current
    return (
      element !== null &&
      (element.scrollTop > 4 || element.matches(":hover") || element.contains(document.activeElement))
    )
  }

  return (
    <div
      ref={scroller}
      className={`long-list ${className}`}
      role="table"
      aria-label={label}
      aria-rowcount={count + 1}
      tabIndex={0}
      onKeyDown={key}
      onFocus={rowOf}
      onBlur={() => setFocused(undefined)}
      onScroll={(event) => onScroll(event.currentTarget.scrollTop, isRead())}
      data-read={undefined}
    >
      <div role="rowgroup" className="long-head">
        <div role="row" className="long-row" aria-rowindex={1}>
          {columns.map((column, index) => (
            // Columns have no other identity.
            <div role="columnheader" key={index}>
              {column}
            </div>
          ))}
        </div>
      </div>
      <div role="rowgroup" className="long-body" style={{ height: virtual.getTotalSize() }}>
        {items.map(({ index, start }) => {
          const shown = row(index)
          return (
            <div
              key={shown?.key ?? `row ${index}`}
              role="row"
              aria-rowindex={index + 2}
              className={`long-row ${shown?.className ?? "waiting"}`}
              style={{ translate: `0 ${start}px`, height: rowHeight }}
              data-times=""
            >
              {shown?.cells ?? (
                <div role="cell" className="long-waiting">
                  <span className="skeleton" />
                </div>
              )}
            </div>
          )
        })}
      </div>
    </div>
  )
}
