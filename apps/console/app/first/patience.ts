/** The latest moment at which the application begins to load. */
export const patience = 500
