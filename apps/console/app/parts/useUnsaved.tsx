import { type ParsedLocation, useBlocker } from "@tanstack/react-router"
import { type ReactNode, useEffect, useRef, useState } from "react"
import { Discard } from "./Discard.tsx"

type Place = Pick<ParsedLocation, "pathname" | "search">

interface Unsaved {
  /** Calls `close` at once, or after the reader has agreed to discard what was typed. */
  readonly leave: (close: () => void) => void
  /** Records that everything is saved, before the page is drawn again. */
  readonly saved: () => void
  /** The open question, if there is one. */
  readonly question: ReactNode
}

/**
 * Asks before typed values are lost: when their dialog closes, when another place of the console is opened, and when
 * the tab is closed or reloaded. `isElsewhere` says which places are without these values.
 */
export const useUnsaved = (isDirty: boolean, isElsewhere: (from: Place, to: Place) => boolean = isAnother): Unsaved => {
  const unsaved = useRef(isDirty)
  const [closing, setClosing] = useState<{ readonly close: () => void }>()
  useEffect(() => {
    unsaved.current = isDirty
  }, [isDirty])
  const saved = () => {
    unsaved.current = false
  }
  const navigation = useBlocker({
    shouldBlockFn: ({ current, next }) => unsaved.current && isElsewhere(current, next),
    enableBeforeUnload: () => unsaved.current,
    withResolver: true
  })
  return {
    leave: (close) => (unsaved.current ? setClosing({ close }) : close()),
    saved,
    question: closing ? (
      <Discard
        onStay={() => setClosing(undefined)}
        onDiscard={() => {
          saved()
          closing.close()
        }}
      />
    ) : (
      navigation.status === "blocked" && (
        <Discard
          onStay={navigation.reset}
          onDiscard={() => {
            saved()
            navigation.proceed()
          }}
        />
      )
    )
  }
}

const isAnother = (from: Place, to: Place): boolean =>
  from.pathname !== to.pathname || JSON.stringify(from.search) !== JSON.stringify(to.search)
