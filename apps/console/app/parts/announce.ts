type Listener = () => void

const listeners = new Set<Listener>()
let said: { readonly text: string; readonly number: number } = { text: "", number: 0 }

/** Announces a text in the page's one role status, such as "Saved". */
export const announce = (text: string): void => {
  said = { text, number: said.number + 1 }
  for (const listener of listeners) listener()
}

export const announcements = {
  get: () => said,
  subscribe: (listener: Listener): (() => void) => {
    listeners.add(listener)
    return () => listeners.delete(listener)
  }
}
