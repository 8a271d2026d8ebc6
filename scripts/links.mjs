// Checks the relative links of the docs: each leads to a file, and to a heading of it. Also the files of the glossary.
import { existsSync, globSync, readFileSync } from "node:fs"
import { dirname, join } from "node:path"

const pages = globSync(["*.md", "{docs,bench}/**/*.md", "{packages,apps,examples}/*/*.md"], {
  exclude: (path) => /node_modules|CHANGELOG/.test(String(path))
})

const prose = (page) => readFileSync(page, "utf8").replaceAll(/```[\s\S]*?```/g, "")

/** The anchor that GitHub makes of a heading. */
const anchor = (heading) =>
  heading
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1")
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
    .trim()
    .replaceAll(" ", "-")

const anchorsOf = (page) => new Set([...prose(page).matchAll(/^#+ (.*)$/gm)].map(([, heading]) => anchor(heading)))

const problems = []
for (const page of pages.sort()) {
  for (const [, link] of prose(page).matchAll(/\]\((?!https?:|mailto:)([^)\s]+)\)/g)) {
    const [path, heading] = link.split("#")
    const target = path === "" ? page : join(dirname(page), path)
    if (!existsSync(target)) problems.push(`${page}: there is no ${target}.`)
    else if (heading && target.endsWith(".md") && !anchorsOf(target).has(heading)) {
      problems.push(`${page}: ${target} has no heading "${heading}".`)
    }
  }
}

for (const [, path] of readFileSync("docs/glossary.md", "utf8").matchAll(/`([\w/]+\.ts)`/g)) {
  if (!existsSync(join("packages/delivery/src", path))) problems.push(`docs/glossary.md: there is no ${path}.`)
}

if (problems.length > 0) {
  console.error(problems.join("\n"))
  process.exitCode = 1
}
