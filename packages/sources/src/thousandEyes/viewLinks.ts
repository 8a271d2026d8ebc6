import { Link, type Links } from "@tocsin/core"
import { type DateTime, Option, Schema } from "effect"

/** The template for links into ThousandEyes' Views, as its data API returns them. */
export const defaultViewsUrl =
  "https://app.thousandeyes.com/view/tests?__a={aid}&testId={testId}&roundId={time}&agentId={agentId}"

/**
 * A template for the links into Views: an http or https URL with `{time}` (in epoch seconds) and optionally `{aid}`,
 * `{testId}` and `{agentId}`.
 *
 * An alert without an id that the template names has no link. Without an `{agentId}`, only its query parameter is left
 * out.
 */
export const ViewsUrl = Schema.String.check(
  Schema.makeFilter((template) => {
    const unknown = template.replaceAll(/\{(?:aid|testId|time|agentId)\}/g, "")
    if (/[{}]/.test(unknown)) return "Expected no placeholders except {aid}, {testId}, {time} and {agentId}"
    if (!template.includes("{time}")) return "Expected {time}, which stands for the epoch seconds of what is linked"
    if (withoutAgent(template).includes("{agentId}"))
      return "Expected {agentId} once, as all of a query parameter's value"
    const sample = view(template, { aid: "1", testId: "1", agentId: "1" })
    return sample === undefined ? "Expected an http or https URL" : undefined
  })
)

/** The ids in a link into Views. */
export interface Viewed {
  readonly aid: string | undefined
  readonly testId: string | undefined
  readonly agentId: string | undefined
}

/** The links into Views at the known times, and the template for any time. */
export const viewLinks = (
  template: string,
  viewed: Viewed,
  { cleared, started }: { readonly cleared: DateTime.Utc | undefined; readonly started: DateTime.Utc | undefined }
): typeof Links.Type => {
  const url = view(template, viewed)
  if (url === undefined) return {}
  const at = (time: DateTime.Utc | undefined) =>
    time && Option.getOrUndefined(readLink(filled(url, "time", String(Math.floor(time.epochMilliseconds / 1000)))))
  const links = { started: at(started), cleared: at(cleared) }
  return {
    ...(links.started && { started: links.started }),
    ...(links.cleared && { cleared: links.cleared }),
    view: url
  }
}

const readLink = Schema.decodeUnknownOption(Schema.toCodecJson(Link))

/**
 * The template with everything except the time filled in; undefined if an id is not known or the result is not a link.
 */
const view = (template: string, { agentId, aid, testId }: Viewed): string | undefined => {
  const withAgent = agentId === undefined ? withoutAgent(template) : template
  const url = filled(filled(filled(withAgent, "aid", aid), "testId", testId), "agentId", agentId)
  return Option.isSome(readLink(filled(url, "time", "0"))) && !/\{(?:aid|testId|agentId)\}/.test(url) ? url : undefined
}

const filled = (template: string, name: string, value: string | undefined): string =>
  value === undefined ? template : template.replaceAll(`{${name}}`, () => encodeURIComponent(value.toWellFormed()))

/** `?a=1&agentId={agentId}` becomes `?a=1`, and `?agentId={agentId}&a=1` becomes `?a=1`. */
const withoutAgent = (template: string): string =>
  template.replace(/([?&])[^?&#=]*=\{agentId\}(&|(?=#|$))/, (_, before: string, after: string) =>
    after === "" ? "" : before
  )
