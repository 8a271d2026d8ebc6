// Sets up a run of tests: its tests, and the processes that they start, make their temporary files in one folder, which is
// removed when the run ends, whatever was killed in it.
import { chmodSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { basename, join } from "node:path"

const prefix = "tocsin-tests-"

export default () => {
  // Each project of a run is set up.
  if (basename(tmpdir()).startsWith(prefix)) return undefined
  const folder = mkdtempSync(join(tmpdir(), prefix))
  // Some tests run a server as another user.
  chmodSync(folder, 0o711)
  process.env.TMPDIR = folder
  return () => rmSync(folder, { recursive: true, force: true })
}
