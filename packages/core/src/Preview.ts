/**
 * A message as a person will see it, as data without markup: a browser renders it, a test reads it.
 */
import { Schema } from "effect"
import { Link } from "./Alert.ts"
import type { Message } from "./Message.ts"

/** A piece of text. A `Time` is shown in the reader's own zone where the channel does so. */
export const Span = Schema.Union([
  Schema.TaggedStruct("Plain", { text: Schema.String }),
  Schema.TaggedStruct("Strong", { text: Schema.String }),
  Schema.TaggedStruct("Emphasis", { text: Schema.String }),
  Schema.TaggedStruct("Code", { text: Schema.String }),
  Schema.TaggedStruct("Link", { text: Schema.String, link: Link }),
  /** A mention, as the channel shows it: `@here`. */
  Schema.TaggedStruct("Mention", { text: Schema.String }),
  Schema.TaggedStruct("Time", { at: Schema.DateTimeUtc })
]).pipe(Schema.toTaggedUnion("_tag"))
export type Span = typeof Span.Type

const spans = Schema.Array(Span)

/** One part of a message, in the order in which it is read. */
export const Block = Schema.Union([
  Schema.TaggedStruct("Heading", { spans }),
  Schema.TaggedStruct("Text", { spans }),
  Schema.TaggedStruct("Facts", { facts: Schema.Array(Schema.Struct({ label: Schema.String, spans })) }),
  Schema.TaggedStruct("List", { title: Schema.optionalKey(Schema.String), items: Schema.Array(spans) }),
  Schema.TaggedStruct("Code", { text: Schema.String }),
  Schema.TaggedStruct("Quote", { spans }),
  /** A line across the message. */
  Schema.TaggedStruct("Rule", {}),
  Schema.TaggedStruct("Footer", { spans })
]).pipe(Schema.toTaggedUnion("_tag"))
export type Block = typeof Block.Type

/** A message as a person sees it. */
export const Preview = Schema.Struct({
  /** The colour beside the message, as `#RRGGBB`, where the channel shows one. */
  accent: Schema.optionalKey(Schema.String.check(Schema.isPattern(/^#[0-9A-Fa-f]{6}$/))),
  blocks: Schema.Array(Block)
}).annotate({ identifier: "Preview" })
export type Preview = typeof Preview.Type

/** The colours of raised alerts by severity, of what is cleared, and of notices, as `#RRGGBB`. */
export const accents = {
  critical: "#C62828",
  major: "#EF6C00",
  minor: "#F9C80E",
  info: "#1E88E5",
  cleared: "#2EB67D",
  notice: "#9E9E9E"
} as const

/** The colour for a message: by its severity where something is raised, else by its state. */
export const accentOf = ({
  severity,
  state
}: Pick<Message, "severity" | "state">): (typeof accents)[keyof typeof accents] =>
  accents[state === "raised" ? severity : state]
