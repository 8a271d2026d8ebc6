/**
 * Preconditions of edits.
 */
import { Effect, Schema } from "effect"

/** Nothing has this id. */
export class NotFound extends Schema.TaggedError<NotFound>()("NotFound", {}) {}

/** The id is in use. */
export class IdInUse extends Schema.TaggedError<IdInUse>()("IdInUse", {}) {}

/** It was edited since the caller read it. */
export class Changed extends Schema.TaggedError<Changed>()("Changed", {}) {}

/** The precondition of an edit: none, that the id is free, that it exists, or that it is in one of these states. */
export type Expected = "any" | "absent" | "present" | { readonly updatedAt: ReadonlyArray<number> }

/** Refuses an edit whose precondition is not met. */
export const check = (
  before: { readonly updatedAt: number } | undefined,
  expected: Expected
): Effect.Effect<void, NotFound | IdInUse | Changed> =>
  expected === "absent" && before !== undefined ? new IdInUse() : checkPresentUnless(before, expected)

const checkPresentUnless = (before: { readonly updatedAt: number } | undefined, expected: Expected) =>
  expected === "any" || expected === "absent" ? Effect.void : checkPresent(before, expected)

/** Refuses an edit of a thing that does not exist, or that is in another state. */
export const checkPresent = (
  before: { readonly updatedAt: number } | undefined,
  expected: Expected
): Effect.Effect<void, NotFound | Changed> => {
  if (before === undefined) return new NotFound()
  return typeof expected === "object" && !expected.updatedAt.includes(before.updatedAt) ? new Changed() : Effect.void
}
