/**
 * Changes one value of a JSON body.
 */

/** The path of a value in a body: names of fields, and indexes of arrays. */
export type Path = ReadonlyArray<string>

/** The paths of all values, outer ones first. */
export const paths = (json: unknown, path: Path = []): ReadonlyArray<Path> => [
  path,
  ...(typeof json === "object" && json !== null
    ? Object.entries(json).flatMap(([key, value]) => paths(value, [...path, key]))
    : [])
]

/** Returns the value at a path. */
export const at = (json: unknown, path: Path): unknown =>
  path.reduce<unknown>(
    (value, key) => (typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined),
    json
  )

/** Returns the body with another value at a path. */
export const replaced = (json: unknown, [key, ...rest]: Path, value: unknown): unknown => {
  if (key === undefined) return value
  if (typeof json !== "object" || json === null) return json
  const entries = Object.entries(json).map(([k, v]) => [k, k === key ? replaced(v, rest, value) : v] as const)
  return Array.isArray(json) ? entries.map(([, v]) => v) : Object.fromEntries(entries)
}
