import { Config, Schema, SchemaTransformation } from "effect"

/** A whole number between two bounds; the error for any other value contains `expected`. */
export const numberSetting = (
  name: string,
  { expected, ...range }: { readonly minimum: number; readonly maximum: number; readonly expected: string }
): Config.Config<number> =>
  Config.schema(
    Schema.String.check(Schema.isPattern(/^\d{1,9}$/, { expected })).pipe(
      Schema.decodeTo(Schema.Int.check(Schema.isBetween(range, { expected })), SchemaTransformation.numberFromString)
    ),
    name
  )
