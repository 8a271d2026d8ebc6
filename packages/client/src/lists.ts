import { Schema } from "effect"

/** What every list takes: how many items, and where to go on (`next` of the page before). */
export const page = {
  limit: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 500 }))).annotateKey({
    description: "How many items a page has at most; 100 if it is left out."
  }),
  after: Schema.optionalKey(Schema.Natural).annotateKey({ description: "The next of the page before." })
}

/** What every list answers: a page, how many there are in all, and where to go on if there are more. */
export const list = <Item extends Schema.Top>(item: Item) =>
  Schema.Struct({
    items: Schema.Array(item),
    total: Schema.Natural.annotateKey({ description: "How many there are in all." }),
    more: Schema.optionalKey(Schema.Literal(true)).annotateKey({ description: "There are more than total says." }),
    next: Schema.optionalKey(Schema.String).annotateKey({ description: "Where the next page begins: after=<next>." })
  })
