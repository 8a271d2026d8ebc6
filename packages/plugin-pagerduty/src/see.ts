import type { Preview } from "@tocsin/core"
import { Option, Schema } from "effect"

/** An event as PagerDuty shows it: the incident's title, its details and its links; a resolve as one word. */
export const see = (payload: unknown): Preview.Preview =>
  Option.match(decode(payload), {
    onNone: () => ({ blocks: [] }),
    onSome: ({ links = [], payload }) => {
      if (payload === undefined) return { blocks: [text("Resolved")] }
      const { component, custom_details = {}, group, severity, source, summary } = payload
      const about = { Severity: severity, Source: source, Component: component, Group: group, Class: payload.class }
      const facts = Object.entries<string | ReadonlyArray<string> | undefined>({ ...about, ...custom_details }).flatMap(
        ([label, value]) =>
          value === undefined ? [] : [{ label, spans: [plain(typeof value === "string" ? value : value.join("\n"))] }]
      )
      const linked = links.map(({ href, text }): Preview.Span => ({ _tag: "Link", text, link: new URL(href) }))
      return {
        blocks: [
          { _tag: "Heading", spans: [plain(summary)] },
          ...(payload.custom_details === undefined ? [] : [{ _tag: "Facts" as const, facts }]),
          ...(payload.custom_details === undefined || linked.length === 0
            ? []
            : [
                {
                  _tag: "Footer" as const,
                  spans: linked.flatMap((link, n) => (n === 0 ? [link] : [plain("  "), link]))
                }
              ])
        ]
      }
    }
  })

const plain = (text: string): Preview.Span => ({ _tag: "Plain", text })

const text = (text: string): Preview.Block => ({ _tag: "Text", spans: [plain(text)] })

const Text = Schema.optionalKey(Schema.String)

const decode = Schema.decodeUnknownOption(
  Schema.Struct({
    dedup_key: Schema.String,
    links: Schema.optionalKey(Schema.Array(Schema.Struct({ href: Schema.String, text: Schema.String }))),
    payload: Schema.optionalKey(
      Schema.Struct({
        summary: Schema.String,
        source: Schema.String,
        severity: Schema.String,
        component: Text,
        group: Text,
        class: Text,
        custom_details: Schema.optionalKey(
          Schema.Record(Schema.String, Schema.Union([Schema.String, Schema.Array(Schema.String)]))
        )
      })
    )
  })
)
