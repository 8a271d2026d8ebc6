import { Schema, SchemaTransformation } from "effect"

/** A whole number in a query; the OpenAPI document describes its text. */
const wholeNumber = (
  range: { readonly minimum: number; readonly maximum: number },
  { description, expected }: { readonly description: string; readonly expected: string }
) =>
  Schema.optionalKey(
    Schema.String.check(Schema.isPattern(/^\d{1,16}$/, { description, expected })).pipe(
      Schema.decodeTo(Schema.Int.check(Schema.isBetween(range, { expected })), SchemaTransformation.numberFromString)
    )
  )

/** The bounds of `page`. */
export const pageBounds = {
  limit: { minimum: 1, maximum: 500 },
  after: { minimum: 0, maximum: Number.MAX_SAFE_INTEGER },
  skip: { minimum: 0, maximum: 1_000_000 }
} as const

/** The parameters of every list: the page size, and where it begins (`next` of the previous page). */
export const page = {
  limit: wholeNumber(pageBounds.limit, {
    description: "The maximum number of items of a page; 100 if absent.",
    expected: "a whole number from 1 to 500, such as 100"
  }),
  after: wholeNumber(pageBounds.after, {
    description: "The `next` of the previous page.",
    expected: "a whole number, the next of the page before, such as 42"
  })
}

/** The parameters of a list that is limited by 4 MiB only. */
export const whole = { after: page.after }

/** How many items to skip before the page, for lists with random access. */
export const skip = wholeNumber(pageBounds.skip, {
  description: "How many items to skip, counted from after if that is set.",
  expected: "a whole number from 0 to 1000000, such as 5000"
})

/**
 * The answer of every list: a page, the total, and where the next page begins. A page has fewer items
 * than its limit if more would exceed 4 MiB; the list ends where `next` is absent.
 */
export const list = <Item extends Schema.Top>(item: Item) =>
  Schema.Struct({
    items: Schema.Array(item),
    total: Schema.Natural.annotateKey({ description: "The total number of items." }),
    more: Schema.optionalKey(Schema.Literal(true)).annotateKey({ description: "True if there are more than total." }),
    next: Schema.optionalKey(Schema.String).annotateKey({
      description:
        "The `after` of the next page; absent on the last page. A page of 4 MiB has fewer items than its limit."
    })
  })
