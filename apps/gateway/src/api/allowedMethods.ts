import { Api } from "@tocsin/client"
import { FindMyWay } from "effect/http"
import { HttpApi } from "effect/http-api"

/** The path of the OpenAPI document. */
export const openapiPath = "/openapi.json"

/** The path of the page that shows it. */
export const docsPath = "/docs"

/** The path of the JSON Schema of webhooks' bodies. */
export const webhookSchemaPath = "/schemas/webhook-v1.json"

/** The path of the web console. */
export const consolePath = "/console"

const routes = FindMyWay.make<string>()
const methods = new Set(["GET"])
HttpApi.reflect(Api, {
  onGroup: () => {},
  onEndpoint: ({ endpoint: { method, path } }) => {
    methods.add(method)
    routes.on(method, `/${path.slice(1)}`, path)
  }
})
for (const path of ["/", openapiPath, docsPath, webhookSchemaPath, `${consolePath}/*`] as const)
  routes.on("GET", path, path)

/** The route of a request, such as `/v1/alerts/:id/clear`; undefined if there is none. */
export const routeOf = (method: string, url: string): string | undefined =>
  methods.has(method) ? routes.find(method, url)?.handler : undefined

/** The methods of a URL's path, as in `Allow`; none if there is no such route. */
export const allowedMethods = (url: string): ReadonlyArray<string> =>
  [...methods]
    .filter((method) => routes.find(method, url) !== undefined)
    .flatMap((method) => (method === "GET" ? ["GET", "HEAD"] : [method]))
