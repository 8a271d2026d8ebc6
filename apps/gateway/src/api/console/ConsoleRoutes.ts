/**
 * The web console: the built files of `@tocsin/console`, served from memory.
 */
import { directory } from "@tocsin/console"
import { Effect, Layer } from "effect"
import { HttpRouter, HttpServerRequest, HttpServerResponse } from "effect/http"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { Settings } from "../../startup/settings/Settings.ts"
import { consolePath, docsPath } from "../allowedMethods.ts"
import { contentSecurityPolicy } from "./contentSecurityPolicy.ts"
import { type Drawing, pageWithAnswer } from "./pageWithAnswer.ts"
import { readSite, type SiteFile, type SiteFiles } from "./siteFiles.ts"

/**
 * Serves the console at `/console/` and redirects browsers there from `/`; with `TOCSIN_CONSOLE=off` only the API's
 * page.
 */
export const ConsoleRoutes = Layer.unwrap(
  Effect.gen(function* () {
    const { hasConsole } = yield* Settings
    const toDocs = HttpServerResponse.redirect(docsPath)
    if (!hasConsole) {
      const none = HttpServerResponse.text("The console is turned off: TOCSIN_CONSOLE is off.", { status: 404 })
      return Layer.merge(HttpRouter.add("GET", "/", toDocs), HttpRouter.add("GET", everything, none))
    }
    const site = yield* readSite(directory)
    const withAnswer = yield* pageWithAnswer(
      new TextDecoder().decode(site.get("index.html")?.bytes),
      yield* readDrawing
    )
    return Layer.mergeAll(
      HttpRouter.add(
        "GET",
        "/",
        Effect.map(HttpServerRequest.HttpServerRequest, ({ headers }) =>
          headers["accept"]?.includes("text/html") === true ? toConsole : toDocs
        )
      ),
      HttpRouter.add(
        "GET",
        everything,
        Effect.flatMap(HttpServerRequest.HttpServerRequest, (request) =>
          request.url.startsWith(`${consolePath}/`)
            ? Effect.map(withAnswer(request), (page) => page ?? answer(site, request))
            : Effect.succeed(toConsole)
        )
      )
    )
  })
)

/** The console's module that draws its page; undefined for a console that is not built. */
const readDrawing = Effect.promise((): Promise<Drawing | undefined> =>
  import(pathToFileURL(join(directory, "page.mjs")).href).catch(() => undefined)
)

/** The console's path, and all paths below it. */
const everything = `${consolePath}/*` as const

const toConsole = HttpServerResponse.redirect(`${consolePath}/`)

const answer = (
  site: SiteFiles,
  { headers, url }: HttpServerRequest.HttpServerRequest
): HttpServerResponse.HttpServerResponse => {
  const [path = ""] = url.slice(consolePath.length + 1).split("?")
  // Every path without a file is a page of the console.
  const file = site.get(path) ?? (path.startsWith("assets/") ? undefined : site.get("index.html"))
  if (file === undefined) {
    return HttpServerResponse.text(
      site.size > 0 ? "There is no such file." : "The console is not built. Run: npx -y pnpm@12 build",
      { status: 404 }
    )
  }
  const shared = { ...(file.isHashed ? forever : each), etag: file.etag, vary: "accept-encoding" }
  if (headers["if-none-match"] === file.etag) return HttpServerResponse.empty({ status: 304, headers: shared })
  const { bytes, encoding } = encoded(file, headers["accept-encoding"] ?? "")
  return HttpServerResponse.uint8Array(bytes, {
    contentType: file.contentType,
    headers: {
      ...shared,
      ...(encoding !== undefined && { "content-encoding": encoding }),
      ...(file.contentType.startsWith("text/html") && { "content-security-policy": contentSecurityPolicy })
    }
  })
}

const forever = { "cache-control": "public, max-age=31536000, immutable" }
const each = { "cache-control": "no-cache" }

const encoded = ({ br, bytes, gzip }: SiteFile, accepted: string) => {
  if (br !== undefined && /\bbr\b/.test(accepted)) return { bytes: br, encoding: "br" }
  if (gzip !== undefined && /\bgzip\b/.test(accepted)) return { bytes: gzip, encoding: "gzip" }
  return { bytes, encoding: undefined }
}
