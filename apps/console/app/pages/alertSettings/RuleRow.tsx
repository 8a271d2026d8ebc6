import { queryOptions, useQuery } from "@tanstack/react-query"
import { Button, Disclosure, DisclosurePanel, Heading } from "react-aria-components"
import { call } from "../../data/call.ts"
import type { RuleRow as Rule } from "../../data/queries.ts"
import { Icon } from "../../parts/Icon.tsx"
import { FailureNotice } from "../../parts/Notice.tsx"
import { Skeleton } from "../../parts/Page.tsx"
import { matchText } from "./matchText.ts"
import { RuleEditor } from "./RuleEditor.tsx"

/** A rule with its version, as long as it is open. */
export const ruleQuery = (id: Rule["id"]) =>
  queryOptions({
    queryKey: ["rule", id],
    queryFn: ({ signal }) => call((client) => client.rules.get({ params: { id } }), signal),
    gcTime: 0
  })

interface Props {
  readonly rule: Rule
  readonly names: ReadonlyMap<string, { readonly name: string }>
  readonly isOpen: boolean
  readonly tab: string | undefined
  readonly onOpen: (isOpen: boolean) => void
  readonly onTab: (tab: string) => void
}

/** One rule as a row, with its editor when expanded. */
export const RuleRow = ({ isOpen, names, onOpen, onTab, rule, tab }: Props) => {
  const { enabled, integrations, match, name, notifyOnClear } = rule
  return (
    <li className="rule">
      <Disclosure isExpanded={isOpen} onExpandedChange={onOpen}>
        <div className="rule-head">
          <Heading level={2} className="rule-name">
            <Button slot="trigger" className="rule-button">
              <Icon name="right" />
              <span className="foreign cut">{name}</span>
            </Button>
          </Heading>
          <span className="rule-match cut quiet">
            <bdi>{matchText(match)}</bdi>
          </span>
          <span className="rule-where cut">
            {!enabled && <span className="badge">disabled</span>}
            {integrations.length === 0 ? (
              <span className="rule-nobody">notifies nobody</span>
            ) : (
              <bdi>{integrations.map((id) => names.get(id)?.name ?? id).join(", ")}</bdi>
            )}
            {notifyOnClear && <span className="quiet"> · when clears too</span>}
          </span>
        </div>
        <DisclosurePanel className="rule-panel">
          {isOpen && <StoredRule id={rule.id} tab={tab} onTab={onTab} onCancel={() => onOpen(false)} />}
        </DisclosurePanel>
      </Disclosure>
    </li>
  )
}

const StoredRule = ({
  id,
  onCancel,
  onTab,
  tab
}: {
  readonly id: Rule["id"]
  readonly tab: string | undefined
  readonly onTab: (tab: string) => void
  readonly onCancel: () => void
}) => {
  const { data, error } = useQuery({ ...ruleQuery(id), staleTime: 0, refetchOnMount: "always" })
  if (error !== null) return <FailureNotice error={error} />
  if (data === undefined) return <Skeleton rows={3} height="2rem" />
  return (
    <RuleEditor
      key={data.headers.etag}
      stored={{ ...data.body, etag: data.headers.etag }}
      tab={tab}
      onTab={onTab}
      onDone={() => {}}
      onCancel={onCancel}
    />
  )
}
