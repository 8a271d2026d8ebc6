import { getRouteApi, useNavigate } from "@tanstack/react-router"
import { useQuery } from "@tanstack/react-query"
import { useRef } from "react"
import { byId, integrationsQuery, type RuleId, rulesQuery } from "../../data/queries.ts"
import { Button } from "../../parts/Button.tsx"
import { May } from "../../parts/May.tsx"
import { FailureNotice } from "../../parts/Notice.tsx"
import { Empty, Page, Skeleton } from "../../parts/Page.tsx"
import { waiting } from "../../parts/waiting.ts"
import { RuleRow, ruleQuery } from "./RuleRow.tsx"
import { RuleEditor } from "./RuleEditor.tsx"
import "./AlertSettings.css"

const route = getRouteApi("/alert-settings")

/** The alert rules: which alerts go where, and whether a message follows when they clear. */
export const AlertSettings = () => {
  const { rule: open, tab } = route.useSearch()
  const navigate = useNavigate({ from: "/alert-settings" })
  const { data, failureReason, isError } = useQuery(rulesQuery)
  const { data: integrations, isPending, failureReason: namesMissing } = useQuery(integrationsQuery)
  const names = byId(integrations?.items)
  // The rule that is open from the start would move those below it.
  const opened = useQuery({ ...ruleQuery((open ?? "") as RuleId), enabled: open !== undefined && open !== "new" })
  const isShown = useRef(false)
  isShown.current ||=
    data !== undefined && (!isPending || namesMissing !== null) && (!opened.isLoading || opened.failureReason !== null)
  const show = (rule: string | undefined, shown?: string) =>
    void navigate({
      search: { ...(rule !== undefined && { rule }), ...(shown !== undefined && { tab: shown }) },
      replace: true
    })
  const isNew = open === "new" && !data?.items.some(({ id }) => id === "new")
  const add = (
    <May scope="write">
      <Button look="primary" icon="plus" onPress={() => show("new")}>
        Add new rule
      </Button>
    </May>
  )

  return (
    <Page
      name="Alert settings"
      beside={data && data.total > 0 ? data.total : undefined}
      actions={data && data.total > 0 && !isNew ? add : undefined}
    >
      {failureReason && <FailureNotice error={failureReason} />}
      {isNew && (
        <section className="panel new-rule" aria-label="New rule">
          <h2>New rule</h2>
          <RuleEditor
            tab={tab}
            onTab={(shown) => show("new", shown)}
            onDone={(id) => show(id, "Notifications")}
            onCancel={() => show(undefined)}
          />
        </section>
      )}
      {data === undefined || !isShown.current ? (
        !isError && <Skeleton {...waiting["/alert-settings"]} />
      ) : data.items.length === 0 && !isNew ? (
        <Empty title="No rule yet" actions={add}>
          <p>A rule says which alerts go to which integrations, and whether a message follows when they clear.</p>
        </Empty>
      ) : (
        <ul className="rules panel" hidden={data.items.length === 0}>
          {data.items.map((rule) => (
            <RuleRow
              key={rule.id}
              rule={rule}
              names={names}
              isOpen={open === rule.id}
              tab={tab}
              onOpen={(isOpen) => show(isOpen ? rule.id : undefined)}
              onTab={(shown) => show(rule.id, shown)}
            />
          ))}
        </ul>
      )}
    </Page>
  )
}
