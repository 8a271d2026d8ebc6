import { builtIn } from "@tocsin/sources"
import { SourceTest } from "@tocsin/sources/testing"
import { bodiesOf } from "./sources.ts"

/** Bodies about no alert. */
const about = { none: ["test", "acknowledge"] }

for (const source of builtIn) {
  const bodies = Object.entries(bodiesOf(source.type)).filter(([name]) => !about.none.includes(name))
  SourceTest.suite(source, { bodies: Object.fromEntries(bodies) })
}
