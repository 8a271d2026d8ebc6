import type { Preview } from "@tocsin/core"
import type { Parts } from "./parts.ts"

/** A message as Slack shows it. */
export const preview = ({ color, context, facts, headline, list, mention, summary }: Parts): Preview.Preview => {
  const attached: ReadonlyArray<Preview.Block | undefined> = [
    summary && { _tag: "Text", spans: [summary] },
    facts.length === 0
      ? undefined
      : { _tag: "Facts", facts: facts.map(({ label, value }) => ({ label: label.text, spans: [value] })) },
    list && { _tag: "List", title: list.title.text, items: list.more ? [...list.items, [list.more]] : list.items },
    context.length === 0
      ? undefined
      : { _tag: "Footer", spans: context.flatMap((span, n) => (n === 0 ? [span] : [gap, span])) }
  ]
  const blocks = attached.filter((block) => block !== undefined)
  return {
    ...(blocks.length > 0 && { accent: color }),
    blocks: [{ _tag: "Heading", spans: mention ? [mention, gap, headline] : [headline] }, ...blocks]
  }
}

const gap: Preview.Span = { _tag: "Plain", text: " " }
