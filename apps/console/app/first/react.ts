/** What the components of the first rows need of React, for one drawing without state. */
export const useState = <A>(initial: A | (() => A)) => [
  typeof initial === "function" ? (initial as () => A)() : initial,
  nothing
]
export const useRef = <A>(current: A) => ({ current })
export const useCallback = <A>(callback: A) => callback
export const useSyncExternalStore = <A>(_: unknown, get: () => A) => get()
export const Suspense = ({ children }: { readonly children: unknown }) => children
export const lazy = () => nothing

const nothing = () => undefined

export { nothing as useEffect, nothing as useLayoutEffect }
