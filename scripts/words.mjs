// Fails on words that are retired: docs/glossary.md has the terms to use.
import { globSync, readFileSync } from "node:fs"

const retired = /\b(mended|gravest|graver|hasten(s|ed)?|heed(s|ed)?|learnt|owed|perhapsTold|given back|made anew)\b/gi

/** Causes and notes that are stored, and therefore stay as they are. */
const stored = /no longer graver|nothing owed: never raised here|given back: /g

const files = globSync(
  [
    "*.{md,ts}",
    "{docs,api,.changeset,bench,scripts}/**/*.{md,ts,mjs}",
    "{packages,apps,examples}/*/*.md",
    "{packages,apps,examples}/*/{src,app,demo,test,test-system,template}/**/*.{ts,tsx,md,html}"
  ],
  { exclude: (path) => /node_modules|dist$|^words\.mjs$|scripts\/words\.mjs$/.test(String(path)) }
)

let found = 0
for (const file of files.sort()) {
  readFileSync(file, "utf8")
    .split("\n")
    .forEach((line, n) => {
      for (const [word] of line.replace(stored, "").matchAll(retired)) {
        console.error(`${file}:${n + 1}: "${word}" is retired. Use a term of docs/glossary.md.`)
        found++
      }
    })
}
if (found > 0) process.exitCode = 1
