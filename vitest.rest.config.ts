import { defineConfig } from "vitest/config"
import { tests } from "./vitest.config.ts"

/** What `pnpm test:all` adds to `pnpm test`, for a run after it. */
export default defineConfig(tests("rest"))
