import { OpenApi } from "effect/http-api"

/** Annotates a route for the OpenAPI document with a summary and, if a caller needs more, a description. */
export const says = (summary: string, description?: string) =>
  OpenApi.annotations({ summary, ...(description !== undefined && { description }) })

/** Marks a route's body as optional in the OpenAPI document, where it would be required. */
export const bodyIsOptional = OpenApi.annotations({
  transform: ({ requestBody, ...operation }) => ({
    ...operation,
    requestBody: Object.assign({}, requestBody, { required: false })
  })
})
