import { Link } from "@tanstack/react-router"
import { Icon, type IconName } from "../parts/Icon.tsx"

/** The pages, in the order of the navigation. */
export const pages = [
  { name: "Alerts", to: "/alerts", icon: "alerts" },
  { name: "Deliveries", to: "/deliveries", icon: "deliveries" },
  { name: "Integrations", to: "/integrations", icon: "integrations" },
  { name: "Alert settings", to: "/alert-settings", icon: "rules" },
  { name: "Sources", to: "/sources", icon: "sources" },
  { name: "Lanes", to: "/lanes", icon: "lanes" },
  { name: "Access", to: "/access", icon: "access" }
] as const satisfies ReadonlyArray<{ readonly name: string; readonly to: string; readonly icon: IconName }>

export const Navigation = () => (
  <nav aria-label="Main">
    <ul>
      {pages.map(({ icon, name, to }) => (
        <li key={to}>
          <Link to={to} className="nav-link" activeProps={{ className: "active", "aria-current": "page" }}>
            <Icon name={icon} />
            {name}
          </Link>
        </li>
      ))}
    </ul>
  </nav>
)
