import { OpenApi } from "effect/http-api"

/** What the OpenAPI document says of a route: a few words, and whatever a caller should know beyond them. */
export const says = (summary: string, description?: string) =>
  OpenApi.annotations({ summary, ...(description !== undefined && { description }) })

/** Says in the OpenAPI document that a route does without its body, which it would call required. */
export const bodyIsOptional = OpenApi.annotations({
  transform: ({ requestBody, ...operation }) => ({
    ...operation,
    requestBody: Object.assign({}, requestBody, { required: false })
  })
})
