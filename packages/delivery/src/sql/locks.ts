/**
 * The advisory locks that gateways on one PostgreSQL take: the first number of each is `advisoryClass`.
 */

/** Tells Tocsin's advisory locks from those of other programs on the database: "toc1" as a number. */
export const advisoryClass = 0x746f6331

/** Held while a gateway brings the tables to its version. Partitions are 0 to 127. */
export const lockOfMigrations = 1000

/** Held shared by every gateway for as long as it lives: so they count themselves. */
export const lockOfMembers = 1001

/** Held shared by transactions that say what they touch, and exclusively by those that may touch everything. */
export const lockOfEverything = 1002
