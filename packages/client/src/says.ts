import { OpenApi } from "effect/http-api"

/** What the OpenAPI document says of a route: a few words, and whatever a caller should know beyond them. */
export const says = (summary: string, description?: string) =>
  OpenApi.annotations({ summary, ...(description !== undefined && { description }) })
