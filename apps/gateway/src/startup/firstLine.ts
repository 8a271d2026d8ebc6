import { cut } from "@tocsin/core"
import { Predicate } from "effect"

/** The first line of a foreign error, as part of a sentence. */
export const firstLine = (error: unknown): string => {
  const [line = ""] = String(Predicate.hasProperty(error, "message") ? error.message : error).split("\n")
  return cut(line, 300).replace(/\.$/, "")
}
