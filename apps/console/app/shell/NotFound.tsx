import { Link } from "@tanstack/react-router"
import { Empty, Page } from "../parts/Page.tsx"

export const NotFound = () => (
  <Page name="Not found">
    <Empty
      title="There is no such page"
      actions={
        <Link to="/alerts" className="button plain">
          Go to Alerts
        </Link>
      }
    >
      The address may have been cut, or it may belong to another version of Tocsin.
    </Empty>
  </Page>
)
