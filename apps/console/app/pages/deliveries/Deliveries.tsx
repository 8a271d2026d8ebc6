import { keepPreviousData, useInfiniteQuery, useQuery } from "@tanstack/react-query"
import { getRouteApi, Link } from "@tanstack/react-router"
import { useState } from "react"
import { Button, Disclosure, DisclosurePanel } from "react-aria-components"
import { useMay } from "../../data/may.ts"
import { call } from "../../data/call.ts"
import { Failure } from "../../data/failure.ts"
import { alertQuery, byId, type DeliveryRow, integrationNamesQuery, type IntegrationId } from "../../data/queries.ts"
import { DeliveryState, stateWord } from "../../deliveries/DeliveryState.tsx"
import { RedeliverButton } from "../../deliveries/Redeliver.tsx"
import { Button as PageButton } from "../../parts/Button.tsx"
import { Icon } from "../../parts/Icon.tsx"
import { OutLink } from "../../parts/Linked.tsx"
import { FailureNotice, Notice } from "../../parts/Notice.tsx"
import { Empty, Page, Skeleton } from "../../parts/Page.tsx"
import { count, plural } from "../../parts/times.ts"
import { When } from "../../parts/When.tsx"
import { waiting } from "../../parts/waiting.ts"
import { DeliveryFilters } from "./DeliveryFilters.tsx"
import { type DeliverySearch, sinceTime, statuses, unknownFilter } from "./search.ts"
import { RedeliverAll } from "./RedeliverAll.tsx"
import "../../parts/Foldable.css"
import "./Deliveries.css"

const route = getRouteApi("/deliveries")
const pageSize = 50

/** The deliveries with every attempt. */
export const Deliveries = () => {
  const search: DeliverySearch = route.useSearch()
  const mayWrite = useMay("write")
  const [isRedelivering, setIsRedelivering] = useState(false)
  const { data: integrations } = useQuery(integrationNamesQuery)
  const names = byId(integrations?.items)
  const unknown = unknownFilter(search)
  const list = useInfiniteQuery({
    queryKey: ["deliveries", "list", search],
    initialPageParam: undefined as number | undefined,
    queryFn: ({ pageParam, signal }) =>
      call((client, timeOf) => {
        const status = statuses(search)
        const since = sinceTime(search)
        return client.deliveries.list({
          query: {
            limit: pageSize,
            ...(pageParam !== undefined && { after: pageParam }),
            ...(status !== undefined && { status }),
            ...(search.integration !== undefined && { integration: search.integration as IntegrationId }),
            ...(search.alert !== undefined && { alert: search.alert as NonNullable<DeliveryRow["alert"]> }),
            ...(since !== undefined && { since: timeOf(since) })
          }
        })
      }, signal),
    getNextPageParam: ({ next }) => (next === undefined ? undefined : Number(next)),
    enabled: unknown === undefined,
    placeholderData: keepPreviousData
  })
  const [first] = list.data?.pages ?? []
  const items = list.data?.pages.flatMap(({ items }) => items)
  const alert = search.alert as NonNullable<DeliveryRow["alert"]> | undefined
  const { error: alertError } = useQuery({
    ...alertQuery(alert ?? ("" as NonNullable<DeliveryRow["alert"]>)),
    enabled: alert !== undefined && items?.length === 0
  })

  return (
    <Page
      name="Deliveries"
      beside={first && `${count(first.total)}${first.more ? "+" : ""}`}
      actions={
        unknown === undefined && mayWrite ? (
          <PageButton icon="retry" onPress={() => setIsRedelivering(true)}>
            Redeliver all
          </PageButton>
        ) : undefined
      }
    >
      <DeliveryFilters
        search={search}
        alertName={items?.[0]?.alertName}
        isAlertGone={alertError instanceof Failure && alertError.kind === "NotFound"}
        integrations={integrations}
      />
      {unknown !== undefined && (
        <Notice tone="warn">
          <span>
            The address asks for {unknown}, which there is not. Choose one above, or{" "}
            <Link to="/deliveries">show all deliveries</Link>.
          </span>
        </Notice>
      )}
      {list.failureReason && <FailureNotice error={list.failureReason} />}
      {search.open !== undefined && <OneDelivery id={search.open} names={names} />}
      {unknown !== undefined ? null : items === undefined ? (
        <Skeleton {...waiting["/deliveries"]} />
      ) : items.length === 0 ? (
        <Empty title="No delivery fits">
          <p>A delivery is one message to one integration. They appear here when an alert matches a rule.</p>
        </Empty>
      ) : (
        <ul className="panel deliveries">
          {items.map((delivery) => (
            <DeliveryLine
              key={delivery.id}
              delivery={delivery}
              names={names}
              isOfOneAlert={search.alert !== undefined}
            />
          ))}
        </ul>
      )}
      {unknown === undefined && list.hasNextPage && (
        <div>
          <PageButton isPending={list.isFetchingNextPage} onPress={() => void list.fetchNextPage()}>
            Show more
          </PageButton>
        </div>
      )}
      {isRedelivering && <RedeliverAll search={search} names={names} onClose={() => setIsRedelivering(false)} />}
    </Page>
  )
}

interface LineProps {
  readonly delivery: DeliveryRow
  readonly names: ReadonlyMap<string, { readonly name: string }>
  readonly isOpen?: boolean
  /** Whether the list has this alert's deliveries alone. */
  readonly isOfOneAlert?: boolean
}

const DeliveryLine = ({ delivery, isOfOneAlert = false, isOpen = false, names }: LineProps) => {
  const {
    alert,
    alertName,
    attempts,
    cause,
    createdAt,
    foldedInto,
    integration,
    kind,
    link,
    recipients,
    text,
    transitions
  } = delivery
  const name = names.get(integration)?.name ?? integration
  // Of a delivered message its alert says enough, and of any other what became of it.
  const said = delivery.status !== "delivered" ? cause : alertName === undefined ? text?.split("\n")[0] : undefined
  return (
    <li className="delivery">
      <Disclosure defaultExpanded={isOpen} className="foldable">
        <div className="delivery-head">
          <Button slot="trigger" className="delivery-button">
            <Icon name="right" />
            <DeliveryState delivery={delivery} />
          </Button>
          <span className="delivery-what cut">
            {alert === undefined ? (
              <strong>{kind}</strong>
            ) : (
              <Link to="/alerts/$id" params={{ id: alert }}>
                {kind}
              </Link>
            )}{" "}
            to <bdi>{name}</bdi>
          </span>
          <span className="delivery-cause foreign cut">
            <bdi>{alertName}</bdi>
            {alertName !== undefined && said !== undefined && " · "}
            <span className="quiet">{said}</span>
          </span>
          {delivery.status === "dead" && (
            <span className="delivery-action">
              <RedeliverButton delivery={delivery} />
            </span>
          )}
          <span className="quiet numbers delivery-attempts">{plural(attempts, "attempt")}</span>
          <span className="quiet delivery-at">
            <When at={createdAt} />
          </span>
        </div>
        <DisclosurePanel className="foldable-panel delivery-more">
          <ol className="steps">
            {transitions.map(({ at, attempt, cause, status }, index) => (
              <li key={index}>
                <span className="quiet">
                  <When at={at} />
                </span>
                <span>{stateWord(status)}</span>
                <span className="foreign quiet">
                  {attempt !== undefined && `attempt ${attempt}`}
                  {attempt !== undefined && cause !== undefined && ": "}
                  {cause}
                </span>
              </li>
            ))}
          </ol>
          {alert !== undefined && !isOfOneAlert && (
            <p>
              <Link to="/deliveries" search={{ alert }}>
                All deliveries of this alert
              </Link>
            </p>
          )}
          {foldedInto !== undefined && (
            <p>
              <Link to="/deliveries" search={{ open: foldedInto }}>
                Sent by another message
              </Link>
            </p>
          )}
          {recipients !== undefined && (
            <ul aria-label="Recipients">
              {recipients.map(({ detail, recipient, status }) => (
                <li key={recipient} className="foreign">
                  <bdi>{recipient}</bdi> {status}
                  {detail !== undefined && <span className="quiet">: {detail}</span>}
                </li>
              ))}
            </ul>
          )}
          {link && <OutLink href={link.href}>Open the message</OutLink>}
          {text !== undefined && <pre className="sent-text foreign">{text}</pre>}
          {delivery.status === "delivered" && (
            <div>
              <RedeliverButton delivery={delivery} />
            </div>
          )}
        </DisclosurePanel>
      </Disclosure>
    </li>
  )
}

/** The delivery to which another page links. */
const OneDelivery = ({ id, names }: { readonly id: string; readonly names: LineProps["names"] }) => {
  const { data, error } = useQuery({
    queryKey: ["deliveries", "one", id],
    queryFn: ({ signal }) => call((client) => client.deliveries.get({ params: { id } }), signal)
  })
  if (error !== null) return <FailureNotice error={error} />
  if (data === undefined) return <Skeleton height="2.75rem" rows={1} />
  return (
    <ul className="panel deliveries chosen">
      <DeliveryLine delivery={data} names={names} isOpen />
    </ul>
  )
}
