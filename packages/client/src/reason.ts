import { Schema } from "effect"

/** Why somebody does something: a text that is not blank. */
export const Reason = Schema.String.check(Schema.isPattern(/\S/u, { expected: "a text that is not blank" }))
