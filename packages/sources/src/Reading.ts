/**
 * The parts that decoders are made of: lenient fields, and reports of alerts.
 *
 * A decoder is most often `Reading.decoderOf(schema, read)`: the schema says what a body has, in fields that odd values
 * do not break, and `read` makes a `Report` of it.
 */
export { readTime, type ReadTime } from "./reading/javaTime.ts"
export { Fields, Id, ifReadable, List, Plain, Text, TextLink } from "./reading/lenientFields.ts"
export {
  decoderOf,
  expected,
  idOf,
  labelsOf,
  linesOf,
  linkTo,
  nothing,
  type Read,
  readEach,
  readerOf,
  type Report,
  toEvent,
  withDefaults
} from "./reading/report.ts"
export { severityOf } from "./reading/severity.ts"
