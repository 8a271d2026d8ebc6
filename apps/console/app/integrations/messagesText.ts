import { plural } from "../parts/times.ts"

interface Messages {
  readonly integration: string
  readonly raise: number
  readonly clear: number
}

const list = new Intl.ListFormat(undefined, { style: "short", type: "unit" })

/** The messages of a save in words: `1 cleared message to Ops room, 3 raised messages to Night shift`. */
export const messagesText = (
  messages: ReadonlyArray<Messages>,
  names: ReadonlyMap<string, { readonly name: string }>
): string =>
  list.format(
    messages.flatMap(({ clear, integration, raise }) => {
      const name = names.get(integration)?.name ?? integration
      return [
        ...(clear > 0 ? [`${plural(clear, "cleared message")} to ${name}`] : []),
        ...(raise > 0 ? [`${plural(raise, "raised message")} to ${name}`] : [])
      ]
    })
  )
