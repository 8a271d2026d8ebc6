import { defineConfig } from "vitest/config"
import { plain } from "./vitest.config.ts"

/** The fuzz over the API at its longest: 100,000 requests, others each time unless `TOCSIN_FUZZ_SEED` is set. */
export default defineConfig({
  ssr: { resolve: { conditions: ["@tocsin/source"] } },
  test: {
    include: ["apps/gateway/test/fuzz/fuzz.test.ts"],
    reporters: ["verbose", plain],
    env: { TOCSIN_FUZZ_REQUESTS: "100000", TOCSIN_FUZZ_SEED: process.env["TOCSIN_FUZZ_SEED"] ?? String(Date.now()) }
  }
})
