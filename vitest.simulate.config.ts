import { defineConfig } from "vitest/config"
import { plain } from "./vitest.config.ts"

/** The simulation of the delivery engine with ten times the seeds that the ordinary tests run. */
export default defineConfig({
  ssr: { resolve: { conditions: ["@tocsin/source"] } },
  test: {
    include: ["packages/delivery/test/simulation/*.test.ts"],
    env: { TOCSIN_SEEDS: "10000", ...process.env },
    reporters: ["default", plain]
  }
})
