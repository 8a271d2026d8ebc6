import react from "@vitejs/plugin-react"
import { defineConfig } from "vite"

const gateway = process.env["TOCSIN_URL"] ?? "http://127.0.0.1:8080"
// A gateway without a token serves its own pages only: what this passes on says that it is one.
const passOn = { target: gateway, changeOrigin: true, headers: { origin: gateway } }
const proxy = { "/v1": passOn, "/healthz": passOn }

export default defineConfig({
  base: "/console/",
  plugins: [react()],
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
