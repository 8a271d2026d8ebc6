import { Versions } from "../../integrations/BothVersions.tsx"
import { matchText } from "./matchText.ts"
import type { RuleDraft } from "./ruleDraft.ts"

interface Props {
  readonly mine: RuleDraft
  readonly theirs: RuleDraft
  readonly names: ReadonlyMap<string, { readonly name: string }>
  readonly onKeepMine: () => void
  readonly onTakeTheirs: () => void
}

/** Shows both versions after somebody else has saved the rule. */
export const BothRules = ({ mine, names, onKeepMine, onTakeTheirs, theirs }: Props) => {
  const rows = ({ enabled, integrations, match, name, notifyOnClear }: RuleDraft) => ({
    Name: name,
    Match: matchText(match as never),
    Integrations: integrations.map((id) => names.get(id)?.name ?? id).join(", "),
    "Send when clears": notifyOnClear ? "yes" : "no",
    Enabled: enabled ? "yes" : "no"
  })
  return <Versions mine={rows(mine)} theirs={rows(theirs)} onKeepMine={onKeepMine} onTakeTheirs={onTakeTheirs} />
}
