import { useEffect, useState } from "react"

const pause = 300

/** A value that follows another once it has stood still for a moment, so that not every key asks the gateway. */
export const useSettled = <Value>(value: Value): Value => {
  const [settled, setSettled] = useState(value)
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), pause)
    return () => clearTimeout(timer)
  }, [value])
  return settled
}
