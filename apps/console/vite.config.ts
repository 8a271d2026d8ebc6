import react from "@vitejs/plugin-react"
import { defineConfig, type Plugin } from "vite"

const gateway = process.env["TOCSIN_URL"] ?? "http://127.0.0.1:8080"
// A gateway without a token serves its own pages only: what this passes on says that it is one.
const passOn = { target: gateway, changeOrigin: true, headers: { origin: gateway } }
const proxy = { "/v1": passOn, "/healthz": passOn }

/** What the start page needs besides its entry: the browser asks for all of it at once. */
const ofStartPage = ["app/data/client.ts", "app/pages/alerts/Alerts.tsx"]

const preloadStartPage: Plugin = {
  name: "preload-start-page",
  transformIndexHtml: {
    order: "post",
    handler: (html, { bundle = {} }) => {
      const chunks = Object.values(bundle).flatMap((chunk) => (chunk.type === "chunk" ? [chunk] : []))
      const withImports = (name: string): ReadonlyArray<string> => [
        name,
        ...(chunks.find(({ fileName }) => fileName === name)?.imports ?? []).flatMap(withImports)
      ]
      const entries = chunks.filter(({ facadeModuleId }) =>
        ofStartPage.some((path) => facadeModuleId?.endsWith(path) === true)
      )
      const names = new Set(entries.flatMap(({ fileName }) => withImports(fileName)))
      return [...names]
        .filter((name) => !html.includes(name))
        .map((name) => ({
          tag: "link",
          attrs: { rel: "modulepreload", crossorigin: true, href: `/console/${name}` },
          injectTo: "head"
        }))
    }
  }
}

export default defineConfig({
  base: "/console/",
  plugins: [react(), preloadStartPage],
  resolve: { conditions: ["@tocsin/source", "module", "browser", "development|production"] },
  // `pnpm --filter @tocsin/console dev` shows the sources against a gateway that runs.
  server: { proxy },
  preview: { proxy },
  build: {
    outDir: "dist/site",
    // The policy of the page allows no data: but images.
    assetsInlineLimit: 0,
    target: "es2024",
    cssCodeSplit: false,
    modulePreload: { polyfill: false },
    reportCompressedSize: false
  }
})
