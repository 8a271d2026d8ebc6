import { useSyncExternalStore } from "react"

const kept = <Value extends string>(name: string, values: readonly [Value, ...Array<Value>]) => {
  const listeners = new Set<() => void>()
  const key = `tocsin.${name}`
  const stored = (): Value => {
    try {
      const found = localStorage.getItem(key)
      return values.find((value) => value === found) ?? values[0]
    } catch {
      return values[0]
    }
  }
  let value = stored()
  const become = (next: Value) => {
    value = next
    for (const listener of listeners) listener()
  }
  addEventListener("storage", (event) => event.key === key && become(stored()))
  const subscribe = (listener: () => void) => {
    listeners.add(listener)
    return () => listeners.delete(listener)
  }
  return {
    get: () => value,
    set: (next: Value) => {
      try {
        localStorage.setItem(key, next)
      } catch {
        // Without storage it is kept until the page is closed.
      }
      become(next)
    },
    subscribe,
    use: () => useSyncExternalStore(subscribe, () => value)
  }
}

/** The zone in which times are shown. */
export const zone = kept("zone", ["local", "utc"])

/** Whether the page is light or dark. */
export const theme = kept("theme", ["system", "light", "dark"])

/** Shows the page in the chosen theme, from before the first paint on. */
export const showTheme = (): void => {
  if (theme.get() === "system") delete document.documentElement.dataset["theme"]
  else document.documentElement.dataset["theme"] = theme.get()
}
theme.subscribe(showTheme)
