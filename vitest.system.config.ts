import { defineConfig } from "vitest/config"
import { plain } from "./vitest.config.ts"

/** What needs Debian programs: strace, sqlite3, git, chromium and another user. `.ci/run` installs them. */
export default defineConfig({
  ssr: { resolve: { conditions: ["@tocsin/source"] } },
  test: {
    include: ["apps/*/test-system/**/*.test.ts"],
    reporters: ["default", plain],
    testTimeout: 300_000
  }
})
