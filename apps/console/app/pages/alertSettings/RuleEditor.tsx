import { useQuery, useQueryClient } from "@tanstack/react-query"
import { useState } from "react"
import { Tab, TabList, TabPanel, Tabs } from "react-aria-components"
import { call } from "../../data/call.ts"
import { send } from "../../data/send.ts"
import { byId, integrationsQuery, type RuleRow } from "../../data/queries.ts"
import { SaveProblem } from "../../forms/SaveProblem.tsx"
import { useEdit } from "../../forms/useEdit.ts"
import { SaveConsequences, type SaveEffect, useSaveEffect } from "../../integrations/SaveConsequences.tsx"
import { Button } from "../../parts/Button.tsx"
import { May } from "../../parts/May.tsx"
import { Form } from "../../parts/Form.tsx"
import { useUnsaved } from "../../parts/useUnsaved.tsx"
import { DeleteRule } from "./DeleteRule.tsx"
import { MatchTab } from "./MatchTab.tsx"
import { NotificationsTab } from "./NotificationsTab.tsx"
import { newRule, ruleDraftOf, rulePayloadOf, versionOf } from "./ruleDraft.ts"

interface Props {
  readonly stored?: RuleRow & { readonly etag: string }
  readonly tab: string | undefined
  readonly onTab: (tab: string) => void
  readonly onDone: (id: string) => void
  readonly onCancel: () => void
}

/** A rule with its tabs; shows the consequences before a save. */
export const RuleEditor = ({ onCancel, onDone, onTab, stored, tab }: Props) => {
  const client = useQueryClient()
  const [isDeleting, setIsDeleting] = useState(false)
  const { data: integrations } = useQuery(integrationsQuery)
  const names = byId(integrations?.items)
  const edit = useEdit({
    stored,
    start: stored === undefined ? newRule : ruleDraftOf(stored),
    draftOf: ruleDraftOf,
    save: async (draft, etag) => {
      await effect.said()
      const payload = rulePayloadOf(draft, stored?.id)
      return stored === undefined
        ? send<RuleRow>("POST", "/v1/rules", payload)
        : send<RuleRow>("PUT", `/v1/rules/${encodeURIComponent(stored.id)}`, payload, { etag })
    },
    reread: async ({ id }) => {
      const { body, headers } = await call((client) => client.rules.get({ params: { id } }))
      return { ...body, etag: headers.etag }
    },
    onSaved: ({ body, etag }) => {
      unsaved.saved()
      edit.restart(ruleDraftOf(body), etag)
      for (const name of ["rules", "integrations", "alert"]) void client.invalidateQueries({ queryKey: [name] })
      onDone(body.id)
    }
  })
  const { change, draft, errors, isDirty, problem, setProblem } = edit
  const payload = rulePayloadOf(draft, stored?.id)

  const effect = useSaveEffect(
    JSON.stringify(payload),
    isDirty && draft.name !== ""
      ? async (signal) => {
          const { body } = await send<{ readonly integrations: SaveEffect["messages"] }>(
            "POST",
            "/v1/rules/preview",
            payload,
            { signal }
          )
          return { messages: body.integrations, retried: 0 }
        }
      : undefined
  )

  const unsaved = useUnsaved(
    isDirty,
    (from, to) => from.pathname !== to.pathname || ruleIn(from.search) !== ruleIn(to.search)
  )

  const shown = ["/name", "/enabled", "/match", "/integrations", "/notifyOnClear"]
  const isShown = (path: string) => shown.some((one) => path === one || path.startsWith(`${one}/`))
  const inMatch = errors.at("/match", true) !== undefined || errors.at("/name", true) !== undefined
  const current =
    problem !== null && inMatch
      ? "Match"
      : tab === "Match" || (tab === undefined && stored === undefined)
        ? "Match"
        : "Notifications"

  return (
    <Form ref={edit.form} className="rule-editor" onSubmit={edit.save}>
      <SaveProblem edit={edit} isShown={isShown} versionOf={(one) => versionOf(one, names)} />
      <Tabs
        className="tabs"
        selectedKey={current}
        onSelectionChange={(key) => {
          setProblem(null)
          onTab(String(key))
        }}
      >
        <TabList aria-label="Rule" className="tab-list">
          <Tab id="Match" className="tab">
            Match
          </Tab>
          <Tab id="Notifications" className="tab">
            Notifications
          </Tab>
        </TabList>
        <TabPanel id="Match" className="tab-panel">
          <MatchTab draft={draft} onChange={change} errorAt={errors.at} />
        </TabPanel>
        <TabPanel id="Notifications" className="tab-panel">
          <NotificationsTab
            draft={draft}
            integrations={integrations?.items}
            onChange={change}
            error={errors.at("/integrations", true)}
          />
        </TabPanel>
      </Tabs>
      <May scope="write">
        <footer className="rule-foot">
          <div className="left">
            <SaveConsequences consequences={effect} names={names} isNew={false} />
          </div>
          {stored !== undefined && (
            <Button look="quiet" icon="bin" onPress={() => setIsDeleting(true)} aria-label={`Delete ${stored.name}`}>
              Delete
            </Button>
          )}
          {stored === undefined && <Button onPress={onCancel}>Cancel</Button>}
          <Button type="submit" look="primary" isPending={edit.isSaving}>
            Save
          </Button>
        </footer>
      </May>
      {unsaved.question}
      {isDeleting && stored && <DeleteRule rule={stored} names={names} onClose={() => setIsDeleting(false)} />}
    </Form>
  )
}

/** The rule that an address of this page opens. */
const ruleIn = (search: object): unknown => ("rule" in search ? search.rule : undefined)
