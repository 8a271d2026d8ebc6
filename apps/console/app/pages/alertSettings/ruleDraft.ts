import type { RuleRow } from "../../data/queries.ts"
import { isObject, type Json, type JsonObject, plainText } from "../../forms/schema.ts"
import { matchText } from "./matchText.ts"

/** A rule while it is edited. */
export interface RuleDraft {
  readonly name: string
  readonly enabled: boolean
  readonly match: JsonObject
  readonly integrations: ReadonlyArray<string>
  readonly notifyOnClear: boolean
}

export const newRule: RuleDraft = { name: "", enabled: true, match: {}, integrations: [], notifyOnClear: true }

export const ruleDraftOf = ({ enabled, integrations, match, name, notifyOnClear }: RuleRow): RuleDraft => ({
  name,
  enabled,
  match: asJson(match),
  integrations,
  notifyOnClear
})

const asJson = (match: RuleRow["match"]): JsonObject => JSON.parse(JSON.stringify(match))

/** The request; the gateway reports its errors. */
export const rulePayloadOf = (draft: RuleDraft, id?: string): JsonObject => ({
  ...draft,
  ...(id !== undefined && { id })
})

/** What is shown of a version beside another one. */
export const versionOf = (
  { enabled, integrations, match, name, notifyOnClear }: RuleDraft,
  names: ReadonlyMap<string, { readonly name: string }>
): { readonly [field: string]: unknown } => ({
  Name: name,
  Match: matchText(match as never),
  Integrations: integrations.map((id) => names.get(id)?.name ?? id).join(", "),
  "Send when clears": notifyOnClear ? "yes" : "no",
  Enabled: enabled ? "yes" : "no"
})

/** Patterns as one text, with commas between. */
export const patternsText = (value: Json | undefined): string =>
  typeof value === "string" ? value : Array.isArray(value) ? value.map(plainText).join(", ") : ""

/** One pattern as a text, several as a list, none as undefined. */
export const toPatterns = (text: string): Json | undefined => {
  const patterns = text
    .split(",")
    .map((pattern) => pattern.trim())
    .filter((pattern) => pattern !== "")
  const [first] = patterns
  return patterns.length <= 1 ? first : patterns
}

export const labelsOf = (match: JsonObject): JsonObject => (isObject(match["labels"]) ? match["labels"] : {})
