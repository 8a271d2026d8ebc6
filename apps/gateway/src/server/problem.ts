import { HttpServerResponse, ProblemDetails } from "effect/http"

/** A problem document without a type of its own (RFC 9457). */
export const problem = (status: number, title: string, detail?: string): HttpServerResponse.HttpServerResponse =>
  ProblemDetails.toResponse({ type: ProblemDetails.blankType, status, title, ...(detail !== undefined && { detail }) })
