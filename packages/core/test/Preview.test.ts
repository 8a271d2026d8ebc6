import { assert, it } from "@effect/vitest"
import { Preview } from "@tocsin/core"

it("what is raised has the colour of its severity, and everything else that of its state", () => {
  const accent = (state: "raised" | "cleared" | "notice", severity: "info" | "critical") =>
    Preview.accentOf({ state, severity })
  assert.strictEqual(accent("raised", "critical"), Preview.accents.critical)
  assert.strictEqual(accent("raised", "info"), Preview.accents.info)
  assert.strictEqual(accent("cleared", "critical"), Preview.accents.cleared)
  assert.strictEqual(accent("notice", "critical"), Preview.accents.notice)
})
