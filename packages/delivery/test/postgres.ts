import type { TestProject } from "vitest/node"
import { startPostgres } from "@tocsin/test-postgres"

declare module "vitest" {
  interface ProvidedContext {
    /** Where tests of the engine make their databases; undefined if they run on SQLite. */
    readonly postgres: string | undefined
  }
}

/** For all test files together: what a crash would lose is tested elsewhere. */
export default async function setup(project: TestProject) {
  const { stop, url } = await startPostgres("fsync=off", "full_page_writes=off")
  project.provide("postgres", url("postgres"))
  return stop
}
