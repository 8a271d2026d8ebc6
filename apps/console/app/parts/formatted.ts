/**
 * A text that Intl makes from this name alone, for the reader's language and zone. The script of the first rows keeps
 * these texts for the next visit.
 */
export const formatted = (_name: string, make: () => string): string => make()
