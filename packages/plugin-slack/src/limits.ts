/**
 * Slack's limits, in UTF-16 units of the escaped text. Slack does not document its units; this count is never lower
 * than another.
 */

/**
 * The longest `text` that stays one message; Slack splits a longer one into several.
 *
 * @see https://docs.slack.dev/reference/methods/chat.postMessage#truncating
 */
export const maxText = 4000

/**
 * The most attachments of a message.
 *
 * @see https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks#handling_errors
 */
export const maxAttachments = 100

/**
 * The most blocks of a message.
 *
 * @see https://docs.slack.dev/reference/block-kit/blocks
 */
export const maxBlocks = 50

/**
 * The longest `block_id`.
 *
 * @see https://docs.slack.dev/reference/block-kit/blocks
 */
export const maxBlockId = 255

/**
 * The longest text of a text object, which must not be empty either.
 *
 * @see https://docs.slack.dev/reference/block-kit/composition-objects/text-object
 */
export const maxTextObject = 3000

/**
 * The most fields of a section.
 *
 * @see https://docs.slack.dev/reference/block-kit/blocks/section-block
 */
export const maxFields = 10

/**
 * The longest text of a section's field.
 *
 * @see https://docs.slack.dev/reference/block-kit/blocks/section-block
 */
export const maxField = 2000

/**
 * The most elements of a context block.
 *
 * @see https://docs.slack.dev/reference/block-kit/blocks/context-block
 */
export const maxContextElements = 10

/**
 * The longest total of the texts of all blocks. Above about 13,200, counted with their JSON, Slack answers
 * `msg_blocks_too_long`, which is not documented.
 *
 * @see https://github.com/slackapi/bolt-js/issues/2509
 */
export const maxBlocksText = 12_000

/** The longest link that is written; a longer one is left out, because half a link leads nowhere. */
export const maxLink = 2000

/** The length of each part: as much as a person reads on a phone, and together within Slack's limits. */
export const shown = {
  headline: 500,
  fallback: 500,
  summary: 2000,
  plainSummary: 1000,
  label: 50,
  fact: 400,
  list: 2500,
  strong: 200,
  line: 200,
  moreLink: 500,
  note: 300
} as const
