import { useEffect, useState } from "react"

const pause = 300

/** Follows a value after a short pause, so that not every key press sends a request. */
export const useSettled = <Value>(value: Value): Value => {
  const [settled, setSettled] = useState(value)
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), pause)
    return () => clearTimeout(timer)
  }, [value])
  return settled
}
