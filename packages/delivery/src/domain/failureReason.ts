/**
 * The reason of a failed attempt, and its form in history. Pure.
 */
import type { Reason } from "@tocsin/core"
import { storable } from "./storableText.ts"

/** The plugin threw. `detail` names the kind of error and the function of the plugin: `TypeError in request`. */
export interface PluginFailed {
  readonly _tag: "PluginFailed"
  readonly detail: string
}

/** The reason that the plugin returned, or a bug of the plugin. */
export type FailureReason = Reason | PluginFailed

/**
 * The reason as history, answers and the log show it: `Unavailable: HTTP 503`, `The plugin failed: TypeError in
 * request`.
 */
export const causeOf = ({ _tag, detail }: Pick<FailureReason, "_tag" | "detail">): string =>
  storable(_tag === "PluginFailed" ? `${pluginFailed}${detail}` : `${_tag}: ${detail}`)

/** Reads what `causeOf` wrote, also after a prefix such as `requeued: `. Undefined for any other text. */
export const reasonOfCause = (cause: string): { readonly _tag: string; readonly detail: string } | undefined => {
  const text = cause.replace(/^[a-z ]+: /, "")
  if (text.startsWith(pluginFailed)) return { _tag: "PluginFailed", detail: text.slice(pluginFailed.length) }
  const [, _tag, detail] = /^([A-Z]\w+): (.*)$/s.exec(text) ?? []
  return _tag === undefined || detail === undefined ? undefined : { _tag, detail }
}

const pluginFailed = "The plugin failed: "
