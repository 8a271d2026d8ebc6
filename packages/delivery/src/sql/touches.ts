/**
 * The names of what transactions touch, so that gateways that write at once know who must wait (M4).
 */

/** All episodes of a source's alert, with their conversations and deliveries. */
export const alertNamed = (source: string, sourceId: string): string => JSON.stringify(["alert", source, sourceId])

/** What a source sent under this id of its own. */
export const eventNamed = (source: string, eventId: string): string => JSON.stringify(["event", source, eventId])
