import { defineConfig } from "vitest/config"
import { shared } from "./vitest.config.ts"

/** What packs the packages: each finds them built, so that no other builds what it packs. */
const packing = ["outside", "deploy/release"].map((name) => `apps/gateway/test-system/${name}.test.ts`)

const harness = "apps/gateway/test-system/harness"

/** What needs Debian programs: strace, sqlite3, git, chromium and another user. `.ci/run` installs them. */
export default defineConfig({
  ...shared,
  test: {
    ...shared.test,
    // Images are built on Debian's packages, and packages are installed from npm.
    testTimeout: 600_000,
    projects: [
      {
        extends: true,
        test: {
          name: "system",
          include: ["apps/*/test-system/**/*.test.ts"],
          exclude: packing,
          globalSetup: [`${harness}/buildConsole.ts`]
        }
      },
      { extends: true, test: { name: "packed", include: packing, globalSetup: [`${harness}/build.ts`] } }
    ]
  }
})
