/**
 * Builds everything once before the tests that pack it, which run at the same time. They are run by pnpm, which is in their
 * PATH: an npx of each could wait for the lock of the other forever.
 */
import { execFileSync } from "node:child_process"

export default (): void => {
  execFileSync("pnpm", ["run", "build"], { stdio: "inherit" })
}
