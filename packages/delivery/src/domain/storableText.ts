/** Makes a text that any store accepts: without NUL, which PostgreSQL refuses, and without lone surrogates. */
export const storable = (text: string): string => text.toWellFormed().replaceAll("\0", "\uFFFD")
