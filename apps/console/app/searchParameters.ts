/** The parameters of the list of alerts. */
export const alertParameters = ["state", "severity", "source", "rule", "integration", "notified", "text"] as const

/** Reads these parameters of an address as texts; others are left out, so that no address breaks a page. */
export const texts =
  <const Name extends string>(...names: ReadonlyArray<Name>) =>
  (search: Record<string, unknown>): { [K in Name]?: string } => {
    const found: { [K in Name]?: string } = {}
    for (const name of names) {
      const value = search[name]
      if (typeof value === "string" && value !== "") found[name] = value
    }
    return found
  }
