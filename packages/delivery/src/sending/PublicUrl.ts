import { Context } from "effect"

/** Where the gateway is reached from outside; without it digests have no link. */
export const PublicUrl = Context.Reference<URL | undefined>("@tocsin/delivery/PublicUrl", {
  defaultValue: () => undefined
})
