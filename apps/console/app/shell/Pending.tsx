import { useLocation } from "@tanstack/react-router"
import { Page, Skeleton } from "../parts/Page.tsx"
import { ToAlerts } from "../parts/ToAlerts.tsx"
import { waiting } from "../parts/waiting.ts"
import { pages } from "./Navigation.tsx"

/** A page whose script is still loading: its heading, and the place of its filters and its list. */
export const Pending = () => {
  const { pathname } = useLocation()
  const page = pages.find(({ to }) => to === pathname)
  if (page === undefined) {
    return (
      <Page name="Alert" above={<ToAlerts />}>
        <Skeleton height="2rem" rows={8} />
      </Page>
    )
  }
  return (
    <Page name={page.name}>
      {(page.to === "/alerts" || page.to === "/deliveries") && (
        <span className="skeleton" style={{ height: "2rem" }} aria-hidden="true" />
      )}
      <Skeleton {...waiting[page.to]} />
    </Page>
  )
}
