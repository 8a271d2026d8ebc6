import { assert, describe, it } from "@effect/vitest"
import { spawnSync } from "node:child_process"
import { fileURLToPath } from "node:url"

const unit = fileURLToPath(new URL("../../../../deploy/systemd/tocsin.service", import.meta.url))
const analyze = (...args: ReadonlyArray<string>) =>
  spawnSync("systemd-analyze", [...args, unit], { encoding: "utf8", env: { ...process.env, SYSTEMD_COLORS: "0" } })

describe("The systemd unit", () => {
  it("is one that systemd reads without a complaint", () => {
    const { status, stderr, stdout } = analyze("verify")
    assert.deepStrictEqual([status, stdout + stderr], [0, ""])
  })

  it("exposes little of the machine", () => {
    const { stdout } = analyze("security", "--offline=true", "--no-pager")
    const [, exposure = "none"] = /Overall exposure level for \S+: ([\d.]+)/.exec(stdout) ?? []
    assert.isAtMost(Number(exposure), 2, stdout)
  })
})
