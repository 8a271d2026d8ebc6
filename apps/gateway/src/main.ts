#!/usr/bin/env node
import { satisfies } from "semver"
import manifest from "../package.json" with { type: "json" }

const { node } = manifest.engines

// Everything else is imported later, so that an old Node fails with this sentence instead of a stack trace.
if (satisfies(process.version, node)) await import("./run.ts")
else {
  console.error(
    `Tocsin needs Node ${node}, and this is ${process.version}: install a later one from https://nodejs.org.`
  )
  process.exitCode = 1
}
