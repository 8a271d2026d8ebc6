import { cut, escapeHtml, type Message, type Severity } from "@tocsin/core"
import { html, type Parts } from "./parts.ts"
import { oneLine } from "./text.ts"

type Lozenge = "lozenge-success" | "lozenge-error" | "lozenge-current" | "lozenge-complete"

/** One named value of a card. */
export interface Attribute {
  readonly label: string
  readonly value: { readonly label: string; readonly url?: string; readonly style?: Lozenge }
}

/**
 * A card, which clients with support for cards show instead of the message.
 *
 * https://developer.atlassian.com/server/hipchat/sending-messages/
 */
export interface Card {
  readonly style: "application"
  readonly format: "medium"
  readonly id: string
  readonly title: string
  readonly url?: string
  readonly description?: { readonly format: "html"; readonly value: string }
  readonly attributes?: ReadonlyArray<Attribute>
  /** The card collapsed to one line. */
  readonly activity: { readonly html: string }
}

/** Converts the parts of a card to HipChat's format. */
export const card = (
  { attributes, description, link, title }: Parts,
  { id, words: { headline, severity, state } }: { readonly id: string; readonly words: Message.Message }
): Card => ({
  style: "application",
  format: "medium",
  id,
  title,
  ...(link !== undefined && { url: link.href }),
  ...(description.length > 0 && { description: { format: "html", value: html(description) } }),
  ...(attributes.length > 0 && {
    attributes: attributes.map(({ label, value }) => ({
      label,
      value: {
        label: value.text,
        ...(value._tag === "Link" && { url: value.link.href }),
        ...(value._tag === "Strong" && { style: state === "cleared" ? "lozenge-success" : lozenges[severity] })
      }
    }))
  }),
  activity: { html: `<b>${escapeHtml(cut(oneLine(headline), 250, { encode: escapeHtml }))}</b>` }
})

const lozenges: Record<Severity, Lozenge> = {
  critical: "lozenge-error",
  major: "lozenge-error",
  minor: "lozenge-current",
  info: "lozenge-complete"
}
