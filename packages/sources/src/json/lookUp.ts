import type { Value } from "./mapping.ts"

/** An alert, and the body that it is a part of. */
export interface Sent {
  readonly alert: unknown
  readonly body: unknown
}

/** Returns the value in a body that a mapping names; undefined if there is none. */
export const lookUp = (value: Value, { alert, body }: Sent): unknown => {
  if (typeof value === "string") return at(alert, value)
  return value.body === undefined ? value.constant : at(body, value.body)
}

/** Returns the value at a JSON Pointer; undefined if there is none. */
export const at = (json: unknown, pointer: string): unknown =>
  pointer
    .split("/")
    .slice(1)
    .map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"))
    .reduce<unknown>(
      (json, step) =>
        typeof json === "object" && json !== null && Object.hasOwn(json, step) ? Reflect.get(json, step) : undefined,
      json
    )

/** Names the place of a value in an alert: its pointer, or, as a place in the body, a remark after what is expected. */
export const placeOf = (value: Value): { readonly pointer: string; readonly remark: string } =>
  typeof value === "string"
    ? { pointer: value === "" ? "the body" : value, remark: "" }
    : { pointer: "the body", remark: value.body === undefined ? "" : ` at ${value.body} of the body` }
