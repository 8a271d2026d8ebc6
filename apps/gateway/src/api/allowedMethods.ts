import { Api } from "@tocsin/client"
import { FindMyWay } from "effect/http"
import { HttpApi } from "effect/http-api"

/** Where the OpenAPI document is. */
export const openapiPath = "/openapi.json"

/** Where the page is that shows it. */
export const docsPath = "/docs"

/** Where the JSON Schema of the bodies of webhooks is. */
export const webhookSchemaPath = "/schemas/webhook-v1.json"

/** Where the web console is. */
export const consolePath = "/console"

const routes = FindMyWay.make<true>()
const methods = new Set(["GET"])
HttpApi.reflect(Api, {
  onGroup: () => {},
  onEndpoint: ({ endpoint: { method, path } }) => {
    methods.add(method)
    routes.on(method, `/${path.slice(1)}`, true)
  }
})
for (const path of ["/", openapiPath, docsPath, webhookSchemaPath, `${consolePath}/*`] as const)
  routes.on("GET", path, true)

/** The methods that the path of a URL can be asked with, as in `Allow`; none if there is no such route. */
export const allowedMethods = (url: string): ReadonlyArray<string> =>
  [...methods]
    .filter((method) => routes.find(method, url) !== undefined)
    .flatMap((method) => (method === "GET" ? ["GET", "HEAD"] : [method]))
