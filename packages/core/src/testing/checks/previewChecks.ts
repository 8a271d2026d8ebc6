import { assert } from "@effect/vitest"
import { Effect, Exit, Schema } from "effect"
import type { Notification } from "../../Notification.ts"
import { spansText } from "../../fakes/spansText.ts"
import { Preview, type Span } from "../../Preview.ts"
import { withoutSecrets } from "../../settings/withoutSecrets.ts"
import type { Check } from "../options.ts"
import { always } from "../always.ts"
import { givenTo, ifGiven } from "../given.ts"
import { previewTexts } from "../previewTexts.ts"
import type { Trial } from "../trial.ts"

/** Checks that previews match the requests. */
export const previewChecks = ({ deliver, options, plugin, service, settings }: Trial): ReadonlyArray<Check> => {
  const { preview } = plugin
  if (preview === undefined) return []

  const isHonest = Effect.fnUntraced(function* (notification: Notification) {
    if (!service.isRead) return assert.fail("the plugin has a preview, but the test has no `read` to compare it with")
    const { exit, printed, sent } = yield* deliver(notification)
    assert.isTrue(Exit.isSuccess(exit), printed)
    const shown = preview(withoutSecrets(yield* settings), notification)
    assert.isTrue(isPreview(shown), "`preview` returns something other than a Preview")
    const lie = difference(
      shown,
      sent.map(({ shows }) => shows())
    )
    if (lie !== undefined) assert.fail(lie)
  })

  return [
    ...Object.entries(givenTo(plugin)).map(([what, notification]) => ({
      name: `previews what it sends for ${what}`,
      run: isHonest(notification)
    })),
    { name: "previews what it sends for any notification", run: always(ifGiven(plugin, isHonest), options.generate) }
  ]
}

const isPreview = Schema.is(Preview)

/**
 * The difference between a preview and the message that was sent; undefined if both show the same texts in the same
 * order.
 */
const difference = (shown: Preview, sent: ReadonlyArray<Preview>): string | undefined => {
  if (!sent.some(({ accent }) => accent === shown.accent))
    return `its colour, ${shown.accent}, is not the colour that is sent`
  const ours = visible(previewTexts(shown, marked))
  const theirs = visible(sent.flatMap((one) => previewTexts(one, marked)))
  const invented = ours.find((text) => !theirs.join(" ").includes(text))
  if (invented !== undefined) return `it shows a text that is not sent: ${invented}`
  const left = theirs.find((text) => !ours.join(" ").includes(text))
  if (left !== undefined) return `it does not show a text that is sent: ${left}`
  return ours.join(" ") === theirs.join(" ") ? undefined : "it shows the texts in another order, or more or less often"
}

/** The texts of spans, with links and mentions marked, so that a text that merely looks like one differs from it. */
const marked = (spans: ReadonlyArray<Span>): string =>
  spans
    .map((span) =>
      span._tag === "Link" || span._tag === "Mention" ? `[${span._tag} ${spansText([span])}]` : spansText([span])
    )
    .join("")

/**
 * Removes invisible characters, which keep a channel from reading text as markup, and makes surrogates well-formed, as
 * they are sent.
 */
const visible = (texts: ReadonlyArray<string>): ReadonlyArray<string> =>
  texts
    .map((text) =>
      text
        .toWellFormed()
        .replace(/\p{Default_Ignorable_Code_Point}/gu, "")
        .replace(/\s+/g, " ")
        .trim()
    )
    .filter((text) => text !== "")
