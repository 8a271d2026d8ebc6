import { defineConfig } from "vitest/config"
import { shared } from "./vitest.config.ts"

/** What needs Debian programs: strace, sqlite3, git, chromium and another user. `.ci/run` installs them. */
export default defineConfig({
  ...shared,
  test: {
    ...shared.test,
    // Images are built on Debian's packages, and packages are installed from npm.
    testTimeout: 600_000,
    include: ["apps/*/test-system/**/*.test.ts"],
    globalSetup: ["apps/gateway/test-system/console/harness/build.ts"]
  }
})
