/**
 * The table: how it is printed, stored, and compared with a later one.
 */
import { type Figure, median, type Missing } from "./row.ts"

const heads = ["what", "median", "spread", "goal", ""]

/** The whole page: where and when it was measured, and the table. */
export const page = (figures: ReadonlyArray<Figure | Missing>, where: string, isJudged: boolean): string =>
  written({ where, rows: figures.map((figure) => rowOf(figure, isJudged)), notes: figures.flatMap(notesOf) })

/** A page with these figures in place of the same ones, or below the others; each note says when it was measured. */
export const merge = (kept: string, figures: ReadonlyArray<Figure | Missing>, when: string): string => {
  const lines = kept.split("\n")
  const measured = new Set(figures.map(({ what }) => what))
  const rows = lines.flatMap((line) =>
    /^\| (?!what |-)/.test(line)
      ? [
          line
            .split("|")
            .slice(1, -1)
            .map((cell) => cell.trim())
        ]
      : []
  )
  const notes = lines.filter((line) => line.startsWith("- **"))
  const fresh = figures.map((figure) => rowOf(figure, true))
  return written({
    where: lines.filter((line) => /^- (?!\*\*)/.test(line)).join("\n"),
    rows: [
      ...rows.map((row) => fresh.find(([what]) => what === row[0]) ?? row),
      ...fresh.filter(([what]) => !rows.some(([known]) => known === what))
    ],
    notes: [
      ...notes.filter((note) => ![...measured].some((what) => note.startsWith(`- **${what}**:`))),
      ...figures.flatMap(notesOf).map((note) => `${note} (${when})`)
    ]
  })
}

const rowOf = (figure: Figure | Missing, isJudged: boolean): ReadonlyArray<string> =>
  "missing" in figure
    ? [figure.what, "missing", "", "", ""]
    : [figure.what, shown(figure, median(figure.values)), spread(figure), goal(figure), isJudged ? verdict(figure) : ""]

const notesOf = (figure: Figure | Missing): ReadonlyArray<string> => {
  const note = "missing" in figure ? figure.missing : figure.from
  return note === undefined ? [] : [`- **${figure.what}**: ${note}`]
}

interface Page {
  readonly where: string
  readonly rows: ReadonlyArray<ReadonlyArray<string>>
  readonly notes: ReadonlyArray<string>
}

const written = ({ notes, rows, where }: Page): string => {
  // As the formatter of this repository writes a table.
  const widths = heads.map((head, column) => Math.max(3, head.length, ...rows.map((row) => row[column]?.length ?? 0)))
  const line = (cells: ReadonlyArray<string>) =>
    `| ${cells.map((cell, n) => cell.padEnd(widths[n] ?? 0)).join(" | ")} |`
  return `# Results

${where}

Each figure is a ratio within this run, or was measured beside what it is compared to; absolute figures are of this
machine at this hour, which other programs shared. How it is measured: [docs/internals/performance.md](../docs/internals/performance.md).

${[line(heads), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)].join("\n")}

## From

${notes.join("\n")}
`
}

/**
 * What is worse than on the committed page: a ratio by more than a quarter, or an absolute goal that was met there and is
 * not now.
 */
export const worse = (figures: ReadonlyArray<Figure | Missing>, kept: string): ReadonlyArray<string> => {
  const rows = kept.split("\n").map((line) => line.split("|").map((cell) => cell.trim()))
  return figures.flatMap((figure) => {
    const [, , before = "", , , was] = rows.find(([, what]) => what === figure.what) ?? []
    if ("missing" in figure || figure.goal === undefined || before === "" || before === "missing") return []
    const value = median(figure.values)
    const change = value / Number.parseFloat(before)
    const isWorse =
      figure.unit === "x"
        ? !(("atLeast" in figure.goal ? change : 1 / change) >= 0.75)
        : was === "met" && isMet(figure) === false
    return isWorse ? [`${figure.what}: ${shown(figure, value)}, was ${before} (${goal(figure)})`] : []
  })
}

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
