import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect
} from "@tanstack/react-router"
import { Gate } from "./shell/Gate.tsx"
import { alertPages } from "./pages/alerts/filters.ts"
import { NotFound } from "./shell/NotFound.tsx"
import { Pending } from "./shell/Pending.tsx"
import { alertParameters, texts } from "./searchParameters.ts"

const root = createRootRoute({ component: Gate, notFoundComponent: NotFound, pendingComponent: Outlet })

const index = createRoute({
  getParentRoute: () => root,
  path: "/",
  beforeLoad: () => {
    throw redirect({ to: "/alerts", replace: true })
  }
})

const alerts = createRoute({
  getParentRoute: () => root,
  path: "/alerts",
  validateSearch: texts(...alertParameters),
  loaderDeps: ({ search }) => search,
  // The first rows are requested while the page renders.
  loader: ({ deps }) => void alertPages(deps),
  component: lazyRouteComponent(() => import("./pages/alerts/Alerts.tsx"), "Alerts")
})

const alert = createRoute({
  getParentRoute: () => root,
  path: "/alerts/$id",
  validateSearch: texts("message"),
  component: lazyRouteComponent(() => import("./pages/alert/AlertPage.tsx"), "AlertPage")
})

const deliveries = createRoute({
  getParentRoute: () => root,
  path: "/deliveries",
  validateSearch: texts("state", "integration", "alert", "since", "open"),
  component: lazyRouteComponent(() => import("./pages/deliveries/Deliveries.tsx"), "Deliveries")
})

const integrations = createRoute({
  getParentRoute: () => root,
  path: "/integrations",
  validateSearch: texts("edit", "new"),
  component: lazyRouteComponent(() => import("./pages/integrations/Integrations.tsx"), "Integrations")
})

const alertSettings = createRoute({
  getParentRoute: () => root,
  path: "/alert-settings",
  validateSearch: texts("rule", "tab"),
  component: lazyRouteComponent(() => import("./pages/alertSettings/AlertSettings.tsx"), "AlertSettings")
})

const sources = createRoute({
  getParentRoute: () => root,
  path: "/sources",
  validateSearch: texts("body", "edit", "new"),
  component: lazyRouteComponent(() => import("./pages/sources/Sources.tsx"), "Sources")
})

const lanes = createRoute({
  getParentRoute: () => root,
  path: "/lanes",
  component: lazyRouteComponent(() => import("./pages/lanes/Lanes.tsx"), "Lanes")
})

const access = createRoute({
  getParentRoute: () => root,
  path: "/access",
  component: lazyRouteComponent(() => import("./pages/access/Access.tsx"), "Access")
})

export const router = createRouter({
  basepath: "/console",
  routeTree: root.addChildren([index, alerts, alert, deliveries, integrations, alertSettings, sources, lanes, access]),
  defaultPreload: "intent",
  // A script that is there soon replaces the page before at once; until a slow one is, the page shows what it can.
  defaultPendingComponent: Pending,
  defaultPendingMs: 100,
  // Values in the address are plain texts: what a person typed is what the address shows.
  parseSearch: (search) => Object.fromEntries(new URLSearchParams(search)),
  stringifySearch: (search) => {
    const text = new URLSearchParams(
      Object.entries(search).filter((pair): pair is [string, string] => typeof pair[1] === "string" && pair[1] !== "")
    ).toString()
    return text === "" ? "" : `?${text}`
  }
})

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router
  }
}
