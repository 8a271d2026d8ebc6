import { defineConfig } from "vitest/config"
import { tests } from "./vitest.config.ts"

/** All tests, and all of what `pnpm test` repeats less often or on SQLite only. */
export default defineConfig(tests("all"))
