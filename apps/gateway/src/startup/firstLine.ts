import { cut } from "@tocsin/core"
import { Predicate } from "effect"

/** What somebody else's code says of its failure, as part of a sentence. */
export const firstLine = (error: unknown): string => {
  const [line = ""] = String(Predicate.hasProperty(error, "message") ? error.message : error).split("\n")
  return cut(line, 300).replace(/\.$/, "")
}
