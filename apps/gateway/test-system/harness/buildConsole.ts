/** Builds the console once before the tests that open it. */
import { execFileSync } from "node:child_process"
import { fileURLToPath } from "node:url"

export default (): void => {
  const build = fileURLToPath(new URL("../../../console/build.ts", import.meta.url))
  execFileSync(process.execPath, [build, "--if-newer"], { stdio: "inherit" })
}
