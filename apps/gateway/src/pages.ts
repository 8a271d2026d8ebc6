import { Effect } from "effect"

/** Where a list goes on: the `next` of the page before. */
export const after = ({ after }: { readonly after?: string }): Effect.Effect<number | undefined, never> =>
  Effect.succeed(after === undefined || !/^\d+$/.test(after) ? undefined : Number(after))

/** The `next` of a page, if there is more. */
export const next = ({ next }: { readonly next: number | undefined }): { readonly next?: string } =>
  next === undefined ? {} : { next: String(next) }
