import { getRouteApi } from "@tanstack/react-router"
import { useQuery } from "@tanstack/react-query"
import { Failure } from "../../data/failure.ts"
import { type AlertId, alertQuery, byId, explainQuery, integrationsQuery, timelineQuery } from "../../data/queries.ts"
import { Icon } from "../../parts/Icon.tsx"
import { isSafe } from "../../parts/Linked.tsx"
import { FailureNotice } from "../../parts/Notice.tsx"
import { Empty, Page, Section, Skeleton } from "../../parts/Page.tsx"
import { Severity } from "../../parts/Severity.tsx"
import { duration } from "../../parts/times.ts"
import { ToAlerts } from "../../parts/ToAlerts.tsx"
import { useTick } from "../../parts/useTick.ts"
import { When } from "../../parts/When.tsx"
import { isListed } from "../alerts/filters.ts"
import { AlertFacts } from "./AlertFacts.tsx"
import { Messages } from "./Messages.tsx"
import { SpanBar } from "./SpanBar.tsx"
import { Timeline } from "./Timeline.tsx"
import { WhoWasNotified } from "./WhoWasNotified.tsx"
import "./AlertPage.css"

const route = getRouteApi("/alerts/$id")

const isMissing = (error: unknown): boolean => error instanceof Failure && error.kind === "NotFound"

/** One alert: who was notified, who was not, and why. */
export const AlertPage = () => {
  const id = route.useParams().id as AlertId
  const {
    data: alert,
    error,
    failureReason
  } = useQuery({
    ...alertQuery(id),
    enabled: ({ state }) => !isMissing(state.error)
  })
  // Of an alert that is not there nothing else is asked for.
  const isThere = alert !== undefined || isListed(id)
  const explain = useQuery({ ...explainQuery(id), enabled: isThere })
  const timeline = useQuery({ ...timelineQuery(id), enabled: isThere })
  const integrations = useQuery(integrationsQuery)
  const now = useTick()
  const names = byId(integrations.data?.items)

  if (isMissing(error)) {
    return (
      <Page name="Alert not found" above={<ToAlerts />}>
        <Empty title="There is no alert of this id">
          <p>It may be older than what the gateway keeps, or the address may have been cut.</p>
        </Empty>
      </Page>
    )
  }
  // What arrives later would move what stands below it.
  const isComing = [explain, timeline, integrations].some(
    ({ failureReason, isPending }) => isPending && failureReason === null
  )
  if (alert === undefined || isComing) {
    return (
      <Page name="Alert" above={<ToAlerts />}>
        {(error ?? failureReason) && <FailureNotice error={error ?? failureReason} />}
        <Skeleton height="2rem" rows={8} />
      </Page>
    )
  }

  const { clearedAt, clearedBecause, links, notified, rule, severity, startedAt, state, summary, test } = alert
  const end = clearedAt?.epochMilliseconds ?? now
  const views = [
    { href: links.started?.href, name: "View at the start" },
    { href: links.cleared?.href, name: "View when it cleared" },
    { href: links.alert?.href, name: "Alert at its source" },
    ...(links.more ?? []).map(({ label, link }) => ({ href: link.href, name: label }))
  ].flatMap(({ href, name }) => (href !== undefined && isSafe(href) ? [{ href, name }] : []))

  return (
    <Page
      name={test === undefined ? rule.name : `${rule.name}: ${test.name}`}
      above={<ToAlerts />}
      actions={views.map(({ href, name }) => (
        <a key={`${name} ${href}`} className="button plain" href={href} target="_blank" rel="noopener noreferrer">
          {name} <Icon name="out" />
        </a>
      ))}
    >
      <div className="alert-state numbers">
        <Severity name={severity} isCleared={state === "cleared"} />
        <span>
          {state === "raised" ? (
            <>
              Raised <When at={startedAt} />, {duration(end - startedAt.epochMilliseconds)} ago
            </>
          ) : (
            <>
              Cleared {clearedAt && <When at={clearedAt} />} after {duration(end - startedAt.epochMilliseconds)}
              {clearedBecause && <span className="quiet"> · {because[clearedBecause]}</span>}
            </>
          )}
        </span>
      </div>
      {summary !== undefined && <p className="alert-summary foreign">{summary}</p>}
      <SpanBar alert={alert} timeline={timeline.data?.items ?? []} now={now} />
      <div className="alert-columns">
        <div className="alert-main">
          <WhoWasNotified items={explain.data?.items} notified={notified} names={names} deliveries={alert.deliveries} />
          <Messages deliveries={alert.deliveries} names={names} alert={id} />
          <Section title="Timeline">
            {timeline.error ? (
              <FailureNotice error={timeline.error} />
            ) : (
              <Timeline items={timeline.data?.items} names={names} />
            )}
          </Section>
        </div>
        <AlertFacts alert={alert} />
      </div>
    </Page>
  )
}

const because = {
  conditionsNoLongerMet: "conditions no longer met",
  sourceRuleChanged: "source rule changed or removed",
  expired: "expired",
  byHand: "closed by hand"
} as const
