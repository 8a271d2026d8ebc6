import { builtIn, type Source } from "@tocsin/sources"
import { Context } from "effect"

/** The types of sources that a gateway can receive, by their names: the built-in ones, and those of `TOCSIN_PLUGINS`. */
export const SourceTypes = Context.Reference<ReadonlyMap<string, Source>>("@tocsin/gateway/SourceTypes", {
  defaultValue: () => byType(builtIn)
})

/** Maps sources to their types. */
export const byType = (sources: ReadonlyArray<Source>): ReadonlyMap<string, Source> =>
  new Map(sources.map((source) => [source.type, source]))
