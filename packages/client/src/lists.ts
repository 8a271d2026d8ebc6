import { Schema, SchemaTransformation } from "effect"

/** A whole number in a query, where all is text; it is the text that the OpenAPI document describes. */
const wholeNumber = (
  range: { readonly minimum: number; readonly maximum: number },
  { description, expected }: { readonly description: string; readonly expected: string }
) =>
  Schema.optionalKey(
    Schema.String.check(Schema.isPattern(/^\d{1,16}$/, { description, expected })).pipe(
      Schema.decodeTo(Schema.Int.check(Schema.isBetween(range, { expected })), SchemaTransformation.numberFromString)
    )
  )

/** The bounds of what `page` takes. */
export const pageBounds = {
  limit: { minimum: 1, maximum: 500 },
  after: { minimum: 0, maximum: Number.MAX_SAFE_INTEGER },
  skip: { minimum: 0, maximum: 1_000_000 }
} as const

/** What every list takes: how many items, and where to go on (`next` of the page before). */
export const page = {
  limit: wholeNumber(pageBounds.limit, {
    description: "How many items a page has at most; 100 if it is left out.",
    expected: "a whole number from 1 to 500, such as 100"
  }),
  after: wholeNumber(pageBounds.after, {
    description: "The next of the page before.",
    expected: "a whole number, the next of the page before, such as 42"
  })
}

/** What a list takes that has no limit but 4 MiB. */
export const whole = { after: page.after }

/** How many items to leave out before the page, for lists of which any part can be shown at once. */
export const skip = wholeNumber(pageBounds.skip, {
  description: "How many items to leave out first, counted from after if that is given.",
  expected: "a whole number from 0 to 1000000, such as 5000"
})

/**
 * What every list answers: a page, how many there are in all, and where to go on if there are more. A page has fewer items
 * than its limit if more would exceed 4 MiB; only the absence of `next` means that the list ends.
 */
export const list = <Item extends Schema.Top>(item: Item) =>
  Schema.Struct({
    items: Schema.Array(item),
    total: Schema.Natural.annotateKey({ description: "How many there are in all." }),
    more: Schema.optionalKey(Schema.Literal(true)).annotateKey({ description: "There are more than total says." }),
    next: Schema.optionalKey(Schema.String).annotateKey({
      description:
        "Where the next page begins: after=<next>. A page of 4 MiB ends before its limit; without next the list ends."
    })
  })
