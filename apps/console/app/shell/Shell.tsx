import { Outlet, useLocation } from "@tanstack/react-router"
import { lazy, Suspense, useEffect, useRef, useState } from "react"
import { Button } from "../parts/Button.tsx"
import { Icon } from "../parts/Icon.tsx"
import { Tip } from "../parts/Tip.tsx"
import { Announcer } from "./Announcer.tsx"
import { Appearance } from "./Appearance.tsx"
import { LiveWord } from "./LiveWord.tsx"
import { Navigation } from "./Navigation.tsx"
import "./Shell.css"

const loadGoTo = () => import("./GoTo.tsx").then(({ GoTo }) => ({ default: GoTo }))
const GoTo = lazy(loadGoTo)

const isApple = /Mac|iPhone|iPad/.test(navigator.userAgent)

/** The frame of every page. */
export const Shell = () => {
  const [isGoing, setIsGoing] = useState(false)
  const [isMenuOpen, setIsMenuOpen] = useState(false)
  const { pathname } = useLocation()
  const main = useRef<HTMLElement>(null)
  const shown = useRef(pathname)

  /** What was typed before Go to was there; undefined while it is there, or is not wanted. */
  const early = useRef<string>(undefined)
  const goTo = () => {
    setIsGoing((isShown) => {
      if (!isShown) early.current ??= ""
      return true
    })
  }

  useEffect(() => {
    if (shown.current === pathname) return
    shown.current = pathname
    setIsMenuOpen(false)
    // A screen reader starts at the new page.
    main.current?.focus({ preventScroll: true })
    main.current?.scrollTo(0, 0)
  }, [pathname])

  useEffect(() => {
    const key = (event: KeyboardEvent) => {
      const isText = event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey
      if (early.current !== undefined && isText) {
        event.preventDefault()
        early.current += event.key
        return
      }
      if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return
      event.preventDefault()
      goTo()
    }
    addEventListener("keydown", key)
    return () => removeEventListener("keydown", key)
  }, [])

  return (
    <div className="shell">
      <a className="skip" href="#main" onClick={(event) => (event.preventDefault(), main.current?.focus())}>
        Skip to content
      </a>
      <header className={isMenuOpen ? "sidebar open" : "sidebar"}>
        <div className="brand-row">
          <span className="brand">
            <svg viewBox="0 0 32 32" aria-hidden="true">
              <path d="M16 5.2c-4.7 0-7 3.4-7.4 7.8-.3 4.2-1.2 6-2.8 7.7-.6.7-.1 1.8.9 1.8h18.6c1 0 1.5-1.1.9-1.8-1.6-1.7-2.5-3.5-2.8-7.7-.4-4.4-2.7-7.8-7.4-7.8Z" />
              <path d="M13 26.2a3.2 3.2 0 0 0 6 0" />
            </svg>
            Tocsin
          </span>
          <LiveWord />
          <Button
            look="quiet"
            icon={isMenuOpen ? "cross" : "menu"}
            isIconOnly
            aria-expanded={isMenuOpen}
            onPress={() => setIsMenuOpen(!isMenuOpen)}
          >
            Menu
          </Button>
        </div>
        <div className="sidebar-rest">
          <button className="go-to" type="button" aria-keyshortcuts="Control+K Meta+K" onClick={goTo}>
            <Icon name="search" />
            Go to
            <kbd aria-hidden="true">{isApple ? "⌘K" : "Ctrl K"}</kbd>
          </button>
          <Navigation />
          <Appearance />
        </div>
      </header>
      <main id="main" ref={main} tabIndex={-1}>
        <Outlet />
        <Tip />
      </main>
      <Announcer />
      {isGoing && (
        <Suspense>
          <GoTo
            onShown={() => {
              const typed = early.current ?? ""
              early.current = undefined
              return typed
            }}
            onClose={() => setIsGoing(false)}
          />
        </Suspense>
      )}
    </div>
  )
}
