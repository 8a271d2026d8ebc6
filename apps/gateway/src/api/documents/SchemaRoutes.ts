import { bodySchema } from "@tocsin/plugin-webhook"
import { HttpRouter, HttpServerResponse } from "effect/http"
import { webhookSchemaPath } from "../allowedMethods.ts"

/** Serves the JSON Schemas of the messages to custom servers. They need no token. */
export const SchemaRoutes = HttpRouter.add(
  "GET",
  webhookSchemaPath,
  HttpServerResponse.text(JSON.stringify(bodySchema(), null, 2), { contentType: "application/schema+json" })
)
