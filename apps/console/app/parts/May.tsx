import type { ReactNode } from "react"
import { useMay } from "../data/may.ts"

/** Shows what needs a scope only to readers who have it. */
export const May = ({ children, scope }: { readonly scope: "write" | "admin"; readonly children: ReactNode }) =>
  useMay(scope) ? children : null
