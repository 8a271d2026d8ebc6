import { defineConfig } from "vitest/config"
import { shared } from "./vitest.config.ts"

/** The fuzz over the API at its longest: 100,000 requests, others each time unless `TOCSIN_FUZZ_SEED` is set. */
export default defineConfig({
  ...shared,
  test: {
    ...shared.test,
    include: ["apps/gateway/test/fuzz/fuzz.test.ts"],
    testTimeout: 3_600_000,
    env: { TOCSIN_FUZZ_REQUESTS: "100000", TOCSIN_FUZZ_SEED: process.env["TOCSIN_FUZZ_SEED"] ?? String(Date.now()) }
  }
})
