/** What the components of the first rows need of the router: links, and the parameters of the address. */
import type { ReactNode } from "react"
import { alertParameters, texts } from "../searchParameters.ts"

/** What the page shows inside of its frame. */
export const outlet: { content: () => ReactNode } = { content: () => undefined }

export const Outlet = () => outlet.content()

export const search = () => texts(...alertParameters)(Object.fromEntries(new URLSearchParams(location.search)))

export const getRouteApi = () => ({ useSearch: search })
export const useNavigate = () => undefined
export const useLocation = () => ({ pathname: location.pathname.slice("/console".length) })

interface LinkProps {
  readonly to: string
  readonly params?: { readonly [name: string]: string }
  readonly className: string
  readonly activeProps?: { readonly className: string; readonly "aria-current": "page" }
  readonly children: ReactNode
}

export const Link = ({ activeProps, children, className, params = {}, to }: LinkProps) => {
  const path = `/console${to.replace(/\$(\w+)/g, (_, name: string) => encodeURIComponent(params[name] ?? ""))}`
  const isActive = activeProps !== undefined && location.pathname.startsWith(path)
  return (
    <a
      href={path}
      className={isActive ? `${className} ${activeProps.className}` : className}
      {...(isActive && { "data-status": "active", "aria-current": "page" })}
    >
      {children}
    </a>
  )
}
