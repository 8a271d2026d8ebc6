/**
 * The table, as it is printed, kept, and compared with a later one.
 */
import { execFileSync } from "node:child_process"
import { cpus, release, totalmem } from "node:os"
import { type Figure, median, type Missing } from "./row.ts"

/** The whole page, with the machine, the versions and the date. */
export const page = (figures: ReadonlyArray<Figure | Missing>, isJudged: boolean): string => {
  const rows = figures.map((figure) =>
    "missing" in figure
      ? [figure.what, "not measured", "", "", "", figure.missing]
      : [
          figure.what,
          shown(figure, median(figure.values)),
          spread(figure),
          goal(figure),
          isJudged ? verdict(figure) : "",
          figure.from ?? ""
        ]
  )
  const table = [["what", "median", "spread", "goal", "", "from"], ...rows]
  const lines = table.map((cells) => `| ${cells.join(" | ")} |`)
  return `# Results

${new Date().toISOString().slice(0, 10)}, ${machine()}

Each figure is a ratio within this run, or was measured beside what it is compared to; absolute figures are of this
machine at this hour, which other programs shared. How it is measured: [docs/performance.md](../docs/performance.md).

${[lines[0], "| --- | --- | --- | --- | --- | --- |", ...lines.slice(1)].join("\n")}
`
}

/** What misses its goal, or is worse by more than a quarter than on the page that was kept. */
export const worse = (figures: ReadonlyArray<Figure | Missing>, kept: string): ReadonlyArray<string> =>
  figures.flatMap((figure) => {
    if ("missing" in figure) return []
    const value = median(figure.values)
    const misses = isMet(figure) === false ? [`${figure.what}: ${shown(figure, value)}, ${goal(figure)}`] : []
    const [, before] =
      kept
        .split("\n")
        .find((line) => line.startsWith(`| ${figure.what} |`))
        ?.split("|")
        .slice(1) ?? []
    if (before === undefined || figure.goal === undefined) return misses
    const ratio = value / Number.parseFloat(before)
    const isWorse = "atLeast" in figure.goal ? ratio < 0.75 : ratio > 1.25
    return isWorse ? [...misses, `${figure.what}: ${shown(figure, value)}, was ${before.trim()}`] : misses
  })

const isMet = ({ goal, values }: Figure): boolean | undefined => {
  if (goal === undefined) return undefined
  return "atLeast" in goal ? median(values) >= goal.atLeast : median(values) <= goal.atMost
}

const verdict = (figure: Figure): string => {
  const met = isMet(figure)
  return met === undefined ? "" : met ? "met" : "**not met**"
}

const shown = ({ unit }: Figure, value: number): string => `${value.toFixed(unit === "/s" ? 0 : 2)} ${unit}`

const spread = (figure: Figure): string =>
  figure.values.length < 2
    ? ""
    : `${shown(figure, Math.min(...figure.values))} to ${shown(figure, Math.max(...figure.values))}`

const goal = ({ goal, unit }: Figure): string => {
  if (goal === undefined) return "printed"
  return "atLeast" in goal ? `at least ${goal.atLeast} ${unit}` : `at most ${Number(goal.atMost.toFixed(2))} ${unit}`
}

const machine = (): string =>
  [
    `${cpus().length} cores (${cpus()[0]?.model ?? "unknown"})`,
    `${(totalmem() / 2 ** 30).toFixed(0)} GiB`,
    `Linux ${release()}`,
    `Node ${process.versions.node}`,
    `SQLite ${process.versions["sqlite"] ?? "?"}`,
    ...["prometheus-alertmanager", "redis-server"].map(version),
    `commit ${execFileSync("git", ["rev-parse", "--short", "HEAD"]).toString().trim()}.`
  ].join(", ")

const version = (name: string): string => {
  try {
    const printed = execFileSync(name, ["--version"], { stdio: ["ignore", "pipe", "pipe"] }).toString()
    return `${name} ${/\d+\.\d+\.\d+/.exec(printed)?.[0] ?? "of an unknown version"}`
  } catch {
    return `no ${name}`
  }
}
