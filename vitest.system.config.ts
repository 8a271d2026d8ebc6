import { defineConfig } from "vitest/config"
import { shared } from "./vitest.config.ts"

/** What needs Debian programs: strace, sqlite3, git, chromium and another user. `.ci/run` installs them. */
export default defineConfig({
  ...shared,
  test: {
    ...shared.test,
    include: ["apps/*/test-system/**/*.test.ts"],
    globalSetup: ["apps/gateway/test-system/console/harness/build.ts"]
  }
})
