/** A text as any store gives it back: with no NUL, which PostgreSQL refuses, and no half of a surrogate pair. */
export const storable = (text: string): string => text.toWellFormed().replaceAll("\0", "\uFFFD")
