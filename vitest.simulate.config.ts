import { defineConfig } from "vitest/config"
import { shared } from "./vitest.config.ts"

/** The simulation of the delivery engine with ten times the seeds that the ordinary tests run. */
export default defineConfig({
  ...shared,
  test: {
    ...shared.test,
    include: ["packages/delivery/test/simulation/*.test.ts"],
    testTimeout: 3_600_000,
    env: { TOCSIN_SEEDS: "10000", ...process.env }
  }
})
