/** Discord's limits, in UTF-16 units of the escaped text, the count that is never lower than Discord's own. */

/**
 * The longest `content`.
 *
 * @see https://docs.discord.com/developers/resources/webhook#execute-webhook
 */
export const maxContent = 2000

/**
 * The limits of an embed: the length of each text, the number of fields, and the total length of its texts.
 *
 * @see https://docs.discord.com/developers/resources/message#embed-object-embed-limits
 */
export const embed = {
  title: 256,
  description: 4096,
  fields: 25,
  fieldName: 256,
  fieldValue: 1024,
  footer: 2048,
  total: 6000
} as const

/** The length of each part as it is shown: together within Discord's limit, with at most `facts` facts. */
export const shown = {
  summary: 800,
  list: 1300,
  line: 150,
  fact: 150,
  label: 40,
  facts: 10,
  footer: 400,
  link: 300
} as const
