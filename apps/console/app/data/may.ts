import { useQuery } from "@tanstack/react-query"
import { sessionQuery } from "./session.ts"

/** The scopes that include each scope. */
const including = {
  read: ["read", "write", "admin"],
  write: ["write", "admin"],
  admin: ["admin"]
} as const

/**
 * Whether the reader's scopes allow something, so that nothing is offered that the gateway would refuse. True while they
 * are not known yet: most readers may, and nothing has to appear later.
 */
export const useMay = (scope: keyof typeof including): boolean => {
  const { data: caller } = useQuery(sessionQuery)
  const enough: ReadonlyArray<string> = including[scope]
  return caller === undefined || caller.scopes.some((one) => enough.includes(one))
}
