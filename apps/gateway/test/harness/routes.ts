/**
 * The routes of the API, from its definition.
 */
import { Api } from "@tocsin/client"
import { HttpApi, type HttpApiEndpoint } from "effect/http-api"

/** A route: `:id` in the path stands for an id. */
export interface Route {
  readonly method: string
  readonly path: string
  readonly endpoint: HttpApiEndpoint.Top
}

/** All routes but the live stream, whose answer does not end. */
export const routes: ReadonlyArray<Route> = (() => {
  const found: Array<Route> = []
  HttpApi.reflect(Api, {
    onGroup: () => {},
    onEndpoint: ({ endpoint }) =>
      found.push({ method: endpoint.method, path: endpoint.path.replace(/(?<=.)\/$/, ""), endpoint })
  })
  return found.filter(({ path }) => path !== "/v1/events")
})()

/** Those that take a body, with paths that can be called. */
export const routesWithBody: ReadonlyArray<Route> = routes
  .filter(({ endpoint }) => endpoint.payload.size > 0)
  .map((route) => ({
    ...route,
    path: route.path
      .replace(":name/api/v2", "prometheus/api/v2")
      .replace(":name", "thousandeyes")
      .replaceAll(/:\w+/g, "some-id")
  }))

/** Whether sources post there, in formats of their own: their bodies are read as far as they can be. */
export const isOfSources = (path: string): boolean => /^\/v1\/sources\/|^\/api\/v2\/|^\/v2\//.test(path)
