import { useEffect, useState } from "react"
import { now } from "../data/clock.ts"

const interval = 1000

/** The gateway's time, updated every second while the component is mounted. */
export const useTick = (isOn = true): number => {
  const [at, setAt] = useState(now)
  useEffect(() => {
    if (!isOn) return
    const timer = setInterval(() => setAt(now()), interval)
    return () => clearInterval(timer)
  }, [isOn])
  return at
}
