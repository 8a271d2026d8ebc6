/** The rows that stand in for the list of each page while its script or its list is loaded, by the page's path. */
export const waiting = {
  "/alerts": { height: "2.25rem", rows: 12 },
  "/deliveries": { height: "2.75rem", rows: 8 },
  "/integrations": { height: "11rem", rows: 3 },
  "/alert-settings": { height: "3.25rem", rows: 5 },
  "/sources": { height: "4.5rem", rows: 3 },
  "/lanes": { height: "8rem", rows: 3 },
  "/access": { height: "3.5rem", rows: 2 }
} as const
