import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query"
import { useBlocker } from "@tanstack/react-router"
import { useEffect, useRef, useState } from "react"
import { Tab, TabList, TabPanel, Tabs } from "react-aria-components"
import { call } from "../../data/call.ts"
import { Failure } from "../../data/failure.ts"
import { send } from "../../data/send.ts"
import { byId, integrationsQuery, type RuleRow } from "../../data/queries.ts"
import { formErrors, useFocusOnError } from "../../forms/errors.ts"
import { ErrorSummary } from "../../forms/ErrorSummary.tsx"
import { SaveConsequences, type SaveEffect, useSaveEffect } from "../../integrations/SaveConsequences.tsx"
import { announce } from "../../parts/announce.ts"
import { Button } from "../../parts/Button.tsx"
import { Discard } from "../../parts/Discard.tsx"
import { Form } from "../../parts/Form.tsx"
import { DeleteRule } from "./DeleteRule.tsx"
import { MatchTab } from "./MatchTab.tsx"
import { NotificationsTab } from "./NotificationsTab.tsx"
import { newRule, type RuleDraft, ruleDraftOf, rulePayloadOf } from "./ruleDraft.ts"
import { BothRules } from "./BothRules.tsx"

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
  const start = stored === undefined ? newRule : ruleDraftOf(stored)
  const [draft, setDraft] = useState(start)
  const [etag, setEtag] = useState(stored?.etag)
  const [base, setBase] = useState(start)
  const [problem, setProblem] = useState<unknown>(null)
  const [theirs, setTheirs] = useState<RuleRow & { readonly etag: string }>()
  const [isDeleting, setIsDeleting] = useState(false)
  const form = useRef<HTMLFormElement>(null)
  const { data: integrations } = useQuery(integrationsQuery)
  const names = byId(integrations?.items)
  const change = (changed: Partial<RuleDraft>) => setDraft((before) => ({ ...before, ...changed }))
  const payload = rulePayloadOf(draft, stored?.id)
  const isDirty = JSON.stringify(draft) !== JSON.stringify(base)

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

  // A save navigates before the page is drawn again.
  const unsaved = useRef(isDirty)
  useEffect(() => {
    unsaved.current = isDirty
  }, [isDirty])
  const leaving = useBlocker({
    shouldBlockFn: ({ current, next }) =>
      unsaved.current && (current.pathname !== next.pathname || ruleIn(current.search) !== ruleIn(next.search)),
    enableBeforeUnload: false,
    withResolver: true
  })

  const save = useMutation({
    mutationFn: async (guard: string | undefined) => {
      await effect.said()
      return stored === undefined
        ? send<RuleRow>("POST", "/v1/rules", payload)
        : send<RuleRow>("PUT", `/v1/rules/${encodeURIComponent(stored.id)}`, payload, { etag: guard })
    },
    onSuccess: ({ body, etag }) => {
      announce("Saved")
      unsaved.current = false
      setProblem(null)
      setEtag(etag)
      setDraft(ruleDraftOf(body))
      setBase(ruleDraftOf(body))
      for (const name of ["rules", "integrations", "alert"]) void client.invalidateQueries({ queryKey: [name] })
      onDone(body.id)
    },
    onError: async (error) => {
      setProblem(error)
      if (!(error instanceof Failure) || error.kind !== "PreconditionFailed" || stored === undefined) return
      const { body, headers } = await call((client) => client.rules.get({ params: { id: stored.id } }))
      setTheirs({ ...body, etag: headers.etag })
    }
  })

  const errors = formErrors(problem)
  useFocusOnError(form, problem)
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
    <Form ref={form} className="rule-editor" onSubmit={() => save.mutate(etag)}>
      {problem !== null && theirs === undefined && (
        <ErrorSummary error={problem} elsewhere={errors.elsewhere(isShown)} />
      )}
      {theirs && (
        <BothRules
          mine={draft}
          theirs={ruleDraftOf(theirs)}
          names={names}
          onKeepMine={() => {
            setEtag(theirs.etag)
            setTheirs(undefined)
            setProblem(null)
            save.mutate(theirs.etag)
          }}
          onTakeTheirs={() => {
            setEtag(theirs.etag)
            setDraft(ruleDraftOf(theirs))
            setBase(ruleDraftOf(theirs))
            setTheirs(undefined)
            setProblem(null)
          }}
        />
      )}
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
        <Button type="submit" look="primary" isPending={save.isPending}>
          Save
        </Button>
      </footer>
      {leaving.status === "blocked" && <Discard onStay={leaving.reset} onDiscard={leaving.proceed} />}
      {isDeleting && stored && <DeleteRule rule={stored} names={names} onClose={() => setIsDeleting(false)} />}
    </Form>
  )
}

/** The rule that an address of this page opens. */
const ruleIn = (search: object): unknown => ("rule" in search ? search.rule : undefined)
