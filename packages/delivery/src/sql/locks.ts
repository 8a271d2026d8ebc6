/**
 * The locks of gateways on one PostgreSQL database: numbered locks, and the lock keys of transactions (cases M1 and
 * M4).
 */

/** How many partitions the lanes are divided into (M1). */
export const partitionCount = 128

/** The class of Tocsin's advisory locks, to avoid those of other programs: "toc1" as a number. */
export const advisoryClass = 0x746f6331

/** Held while a gateway migrates the tables. Partitions are 0 to 127. */
export const lockOfMigrations = 1000

/** Held shared by every running gateway, so that the holders can be counted. */
export const lockOfMembers = 1001

/** Held shared by transactions that name their lock keys, and exclusively by those that may write anything. */
export const lockOfEverything = 1002

/** A transaction with more lock keys locks everything, because PostgreSQL's memory for locks is small. */
export const maxLocks = 512

/** The lock key of a source's alert: all its episodes, conversations and deliveries. */
export const alertKey = (source: string, sourceId: string): string => JSON.stringify(["alert", source, sourceId])

/** The lock key of the event that a source sent with this id. */
export const eventKey = (source: string, eventId: string): string => JSON.stringify(["event", source, eventId])
