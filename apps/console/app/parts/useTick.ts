import { useEffect, useState } from "react"
import { now } from "../data/clock.ts"

const interval = 1000

/** The gateway's time, again each second while it is asked for. */
export const useTick = (isOn = true): number => {
  const [at, setAt] = useState(now)
  useEffect(() => {
    if (!isOn) return
    const timer = setInterval(() => setAt(now()), interval)
    return () => clearInterval(timer)
  }, [isOn])
  return at
}
