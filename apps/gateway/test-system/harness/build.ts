/** Builds everything once before the tests that pack it, which run at the same time. */
import { execFileSync } from "node:child_process"

export default (): void => {
  execFileSync("npx", ["-y", "pnpm@12", "build"], { stdio: "inherit" })
}
