/**
 * The limits of a HipChat room. All lengths are in UTF-16 units of the request, after any escaping.
 *
 * https://developer.atlassian.com/server/hipchat/sending-messages/ and, for the
 * card, the schema that a server answers with when it refuses one.
 */
export const limits = {
  /** The message, in either format; it must not be empty either. */
  message: 10_000,
  /** The sender's name, shown beside the name of the token. */
  from: 64,
  cardTitle: 500,
  cardDescription: 1000,
  attributes: 10,
  attributeLabel: 50,
  thumbnailUrl: 250,
  attachTo: 36
} as const

/**
 * The rate limits of a HipChat room and of a token, in messages and seconds.
 *
 * https://developer.atlassian.com/server/hipchat/hipchat-rest-api-rate-limits/
 */
export const rates = {
  /** Flood control. */
  room: { messages: 30, perSeconds: 60, burst: 5 },
  token: { messages: 500, perSeconds: 300, burst: 30 }
} as const

/** The longest link; HipChat sets no limit. A longer one is left out, because half a link leads nowhere. */
export const maxLink = 1500

/** A list is cut after this many lines if a link leads to the rest: nobody reads fifty lines at night. */
export const maxLines = 20

/** The longest headline, far above any that a person writes; the card's title has the same limit. */
export const maxHeadline = 500
