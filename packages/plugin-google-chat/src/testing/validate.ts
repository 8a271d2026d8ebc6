import { utf8Units } from "@tocsin/core"
import { Option } from "effect"
import { maxBytes } from "../message.ts"
import { decode } from "./see.ts"

/**
 * Checks the body of a request against what Google documents, and what alerts demand beyond: nothing mentions anyone, and no
 * foreign text is HTML. Returns one sentence for each problem.
 *
 * @see https://developers.google.com/workspace/chat/api/reference/rest/v1/cards
 */
export const validate = (body: string): ReadonlyArray<string> => {
  const bytes = utf8Units(body).length
  return Option.match(decode(parse(body)), {
    onNone: () => ["Not a message"],
    onSome: (message) => {
      const widgets =
        "text" in message ? [] : message.cardsV2.flatMap(({ card }) => card.sections.flatMap(({ widgets }) => widgets))
      const texts = widgets.map((widget) =>
        "textParagraph" in widget ? widget.textParagraph.text : widget.decoratedText.text
      )
      const plain = "text" in message ? message.text : message.fallbackText
      return [
        ...(bytes > maxBytes ? [`${bytes} of ${maxBytes} bytes`] : []),
        ...(widgets.length > maxWidgets ? [`${widgets.length} of ${maxWidgets} widgets`] : []),
        ...(/<(?:users\/|https?:)/.test(plain) ? ["Text mentions someone or hides a link"] : []),
        ...texts.flatMap((text) => [
          ...(/[<>]/.test(text.replace(element, "")) ? ["An element that Google Chat does not know"] : []),
          ...(/&(?!(?:lt|gt|amp|quot|#39);)/.test(text) ? ["A bare &"] : []),
          ...(text.replace(element, "").trim() === "" ? ["A blank text"] : [])
        ]),
        ...([plain, ...texts].every((text) => text.isWellFormed()) ? [] : ["Half a surrogate pair"])
      ]
    }
  })
}

/** https://developers.google.com/workspace/chat/format-messages#card-formatting */
const element = /<\/?[bi]>|<br>|<a href="https?:[^"<>]*">|<\/a>|<font color="#[0-9A-F]{6}">|<\/font>/g

/** Google Chat drops the section with the widget that is one too many, and all after it. */
const maxWidgets = 100

/** A body as JSON; undefined if it is none. */
export const parse = (body: string): unknown => {
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}
