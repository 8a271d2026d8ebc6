import react from "@vitejs/plugin-react"
import { createHash } from "node:crypto"
import { fileURLToPath } from "node:url"
import { build, defineConfig, type Plugin } from "vite"

const gateway = process.env["TOCSIN_URL"] ?? "http://127.0.0.1:8080"
// A gateway without a token serves its own pages only: what this passes on says that it is one.
const passOn = { target: gateway, changeOrigin: true, headers: { origin: gateway } }
const proxy = { "/v1": passOn, "/healthz": passOn }

const conditions = ["@tocsin/source", "module", "browser", "development|production"]
const target = "es2024"

const app = (path: string) => fileURLToPath(new URL(`app/${path}`, import.meta.url))

/** What stands in for the libraries in the script of the first rows. */
const standIns = [
  { find: "react/jsx-runtime", replacement: app("first/jsx.ts") },
  { find: "react", replacement: app("first/react.ts") },
  { find: "react-aria-components", replacement: app("first/reactAria.tsx") },
  { find: "@tanstack/react-query", replacement: app("first/reactQuery.ts") },
  { find: "@tanstack/react-router", replacement: app("first/router.tsx") },
  { find: "@tanstack/react-virtual", replacement: app("first/reactVirtual.ts") },
  { find: /^\..*\/call\.ts$/, replacement: app("first/answer.ts") }
]

/** Neither styles nor anything that loads later is part of the script of the first rows. */
const onlyFirst: Plugin = {
  name: "only-first",
  enforce: "pre",
  resolveDynamicImport: () => ({ id: "\0later", external: false }),
  resolveId: (id) => (id.endsWith(".css") ? "\0later" : undefined),
  load: (id) => (id === "\0later" ? "export {}" : undefined)
}

/** What a page is drawn with in a gateway is the reader's, not the gateway's. */
const ofReader = Object.fromEntries(
  [
    "Date",
    "Intl",
    "Node",
    "addEventListener",
    "document",
    "getComputedStyle",
    "innerHeight",
    "localStorage",
    "location",
    "matchMedia",
    "navigator"
  ].map((name) => [name, `reader.${name}`])
)

const drawnId = "virtual:drawn"

/** Passes on what is drawn for a reader as a function. */
const drawnFor = (code: string): Plugin => ({
  name: "drawn",
  resolveId: (id) => (id === drawnId ? id : undefined),
  load: (id) => (id === drawnId ? `export const makeDrawn = (reader) => {\n${code}\nreturn drawn }` : undefined)
})

const script = async (
  entry: string,
  name: string,
  format: "iife" | "es",
  plugins: ReadonlyArray<Plugin>,
  define: Record<string, string> = {}
): Promise<string> => {
  const built = await build({
    configFile: false,
    logLevel: "warn",
    plugins: [onlyFirst, ...plugins],
    define,
    resolve: { alias: standIns, conditions },
    oxc: { jsx: { runtime: "automatic", importSource: "react" } },
    build: { write: false, target, lib: { entry: app(entry), formats: [format], name } }
  })
  const [{ output }] = [built].flat() as unknown as [{ output: ReadonlyArray<{ code: string }> }]
  return output.map(({ code }) => code).join("\n")
}

/** What the start page needs besides its entry: the browser asks for all of it at once. */
const ofStartPage = ["app/main.tsx", "app/data/client.ts", "app/pages/alerts/Alerts.tsx"]

/** Makes the page load the script of the first rows, which then loads the application. */
const firstRows: Plugin = {
  name: "first-rows",
  apply: "build",
  enforce: "post",
  async generateBundle(_, bundle) {
    const page = bundle["index.html"]
    if (page?.type !== "asset") return
    const chunks = Object.values(bundle).flatMap((chunk) => (chunk.type === "chunk" ? [chunk] : []))
    const withImports = (name: string): ReadonlyArray<string> => [
      name,
      ...(chunks.find(({ fileName }) => fileName === name)?.imports ?? []).flatMap(withImports)
    ]
    const entry = chunks.find(({ isEntry }) => isEntry)?.fileName ?? ""
    const needed = chunks.filter(
      ({ facadeModuleId, isEntry }) => isEntry || ofStartPage.some((path) => facadeModuleId?.endsWith(path) === true)
    )
    const imports = [...new Set(needed.flatMap(({ fileName }) => withImports(fileName)))].map(
      (name) => `/console/${name}`
    )
    const emitScript = async (name: string, entry: string): Promise<string> => {
      const source = await script(entry, name, "iife", [])
      const fileName = `assets/${name}-${createHash("sha256").update(source).digest("base64url").slice(0, 8)}.js`
      this.emitFile({ type: "asset", fileName, source })
      return `/console/${fileName}`
    }
    const first = await emitScript("first", "first/first.tsx")
    const later = await emitScript("later", "first/later.ts")
    const drawn = await script("first/drawn.ts", "drawn", "iife", [], ofReader)
    this.emitFile({
      type: "asset",
      fileName: "page.mjs",
      source: await script("first/page.ts", "page", "es", [drawnFor(drawn)])
    })
    page.source = String(page.source)
      .replace(/ *<(script type="module"|link rel="modulepreload")[^>]*>(<\/script>)?\n?/g, "")
      .replace(
        "<!-- first -->",
        `<script src="${first}" defer blocking="render" data-later="${later}" data-app="/console/${entry}" data-imports="${imports.join(" ")}"></script>`
      )
  }
}

export default defineConfig({
  base: "/console/",
  plugins: [react(), firstRows],
  resolve: { conditions },
  // `pnpm --filter @tocsin/console dev` shows the sources against a gateway that runs.
  server: { proxy },
  preview: { proxy },
  build: {
    outDir: "dist/site",
    // The policy of the page allows no data: but images.
    assetsInlineLimit: 0,
    target,
    cssCodeSplit: false,
    modulePreload: { polyfill: false },
    reportCompressedSize: false
  }
})
