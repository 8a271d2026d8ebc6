import { getRouteApi, Link } from "@tanstack/react-router"
import { useQuery } from "@tanstack/react-query"
import { lazy, Suspense, useCallback, useEffect, useRef, useSyncExternalStore } from "react"
import { paced } from "../../data/paced.ts"
import { anyAlertQuery } from "../../data/queries.ts"
import { LongList } from "../../parts/LongList.tsx"
import { Button } from "../../parts/Button.tsx"
import { FailureNotice, Notice } from "../../parts/Notice.tsx"
import { Empty, Page } from "../../parts/Page.tsx"
import { count, plural } from "../../parts/times.ts"
import { AgeAxis } from "../../parts/AgeBar.tsx"
import { alertRow } from "./alertRow.tsx"
import { AlertFilters } from "./AlertFilters.tsx"
import { alertPages, type Filters, isFiltered, onAlertsChanged, stateOf, unknownFilter } from "./filters.ts"
import { useTick } from "../../parts/useTick.ts"
import "./Alerts.css"

const GetStarted = lazy(() => import("./GetStarted.tsx").then(({ GetStarted }) => ({ default: GetStarted })))

const route = getRouteApi("/alerts")

const columns = [
  "Severity",
  "Rule",
  "Test",
  "Source",
  <AgeAxis key="axis" />,
  "Raised",
  "Cleared",
  <span key="notified" className="end">
    Notified
  </span>
]

const lines = { wide: 1, narrow: 2 }

/** The start page: the raised alerts, and how many integrations were notified. */
export const Alerts = () => {
  const filters: Filters = route.useSearch()
  const list = alertPages(filters)
  useSyncExternalStore(list.subscribe, () => list.version)
  const isRead = useRef(false)
  const { data: any, isLoading } = useQuery({ ...anyAlertQuery, enabled: list.total === 0 })
  const now = useTick()

  useEffect(
    () =>
      onAlertsChanged(
        paced(() => {
          const table = document.querySelector(".alerts-list")
          return list.changed(
            isRead.current || (table?.matches(":hover") ?? false) || (table?.contains(document.activeElement) ?? false)
          )
        })
      ),
    [list]
  )

  const onScroll = useCallback(
    (scrollTop: number) => {
      list.scrollTop = scrollTop
      isRead.current = scrollTop > 4
    },
    [list]
  )

  const { error, fresh, hasMore, total } = list
  const isEmptyGateway = total === 0 && any?.total === 0 && !isFiltered(filters)
  const unknown = unknownFilter(filters)
  const word = { raised: "active", cleared: "cleared", all: "in all" }[stateOf(filters)]

  return (
    <Page
      name="Alerts"
      isFilled={!isEmptyGateway}
      beside={
        total === undefined || isEmptyGateway || unknown !== undefined
          ? undefined
          : `${count(total)}${hasMore ? "+" : ""} ${word}`
      }
      actions={
        fresh > 0 &&
        unknown === undefined && (
          <Button
            icon="send"
            onPress={() => {
              list.scrollTop = 0
              document.querySelector(".alerts-list")?.scrollTo(0, 0)
              void list.restart()
            }}
          >
            {fresh >= 100 ? "100+ new" : `${fresh} new`}
          </Button>
        )
      }
    >
      {isEmptyGateway ? (
        <Suspense>
          <GetStarted />
        </Suspense>
      ) : (
        <>
          <AlertFilters filters={filters} />
          {error !== undefined && <FailureNotice error={error} />}
          {unknown !== undefined ? (
            <Notice tone="warn">
              <span>
                The address asks for {unknown}, which there is not. Choose one above, or{" "}
                <Link to="/alerts">show all active alerts</Link>.
              </span>
            </Notice>
          ) : total === 0 && !isLoading ? (
            <div className="alerts-empty">
              {isFiltered(filters) ? (
                <Empty title="No alert fits these filters">
                  <p>Clear a filter to see more. {any && `The gateway knows ${plural(any.total, "alert")} in all.`}</p>
                </Empty>
              ) : (
                <Empty title="Nothing is wrong">
                  <p>No alert is active now. Those that were are under the state “Cleared”.</p>
                </Empty>
              )}
            </div>
          ) : (
            <LongList
              key={JSON.stringify(filters)}
              label="Alerts"
              className="alerts-list"
              columns={columns}
              count={total ?? 12}
              lines={lines}
              row={(index) => alertRow(list.at(index), now)}
              onShown={list.show}
              scrollTop={list.scrollTop}
              onScroll={onScroll}
            />
          )}
        </>
      )}
    </Page>
  )
}
