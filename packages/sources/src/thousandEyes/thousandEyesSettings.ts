import { Schema } from "effect"
import { ViewsUrl } from "./viewLinks.ts"

/** The settings of a source of the type `thousandeyes`. */
export const settings = Schema.Struct({
  viewsUrl: Schema.optionalKey(ViewsUrl).annotateKey({
    title: "Views URL",
    description: "The template for links into Views, with {aid}, {testId}, {time} and {agentId}"
  })
})
export type Settings = typeof settings.Type
