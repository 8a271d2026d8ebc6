import { defineConfig } from "vitest/config"
import { plain } from "./vitest.config.ts"

/** The engine's tests once more, on a real PostgreSQL. */
export default defineConfig({
  ssr: { resolve: { conditions: ["@tocsin/source"] } },
  test: {
    include: ["packages/delivery/test/*.test.ts", "packages/delivery/test/postgres/*.test.ts"],
    globalSetup: ["packages/delivery/test/postgres.ts"],
    isolate: false,
    testTimeout: 60_000,
    reporters: ["default", plain]
  }
})
