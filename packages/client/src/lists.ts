import { Schema, SchemaTransformation } from "effect"

/** A whole number in a query, where all is text. */
const wholeNumber = (range: { readonly minimum: number; readonly maximum: number }, expected: string) =>
  Schema.String.check(Schema.isPattern(/^\d{1,16}$/, { expected })).pipe(
    Schema.decodeTo(Schema.Int.check(Schema.isBetween(range, { expected })), SchemaTransformation.numberFromString)
  )

/** The bounds of what `page` takes. */
export const pageBounds = {
  limit: { minimum: 1, maximum: 500 },
  after: { minimum: 0, maximum: Number.MAX_SAFE_INTEGER }
} as const

/** What every list takes: how many items, and where to go on (`next` of the page before). */
export const page = {
  limit: Schema.optionalKey(wholeNumber(pageBounds.limit, "a whole number from 1 to 500, such as 100")).annotateKey({
    description: "How many items a page has at most; 100 if it is left out."
  }),
  after: Schema.optionalKey(
    wholeNumber(pageBounds.after, "a whole number, the next of the page before, such as 42")
  ).annotateKey({ description: "The next of the page before." })
}

/** What every list answers: a page, how many there are in all, and where to go on if there are more. */
export const list = <Item extends Schema.Top>(item: Item) =>
  Schema.Struct({
    items: Schema.Array(item),
    total: Schema.Natural.annotateKey({ description: "How many there are in all." }),
    more: Schema.optionalKey(Schema.Literal(true)).annotateKey({ description: "There are more than total says." }),
    next: Schema.optionalKey(Schema.String).annotateKey({ description: "Where the next page begins: after=<next>." })
  })
