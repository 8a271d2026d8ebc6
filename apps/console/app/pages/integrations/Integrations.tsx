import { getRouteApi, useNavigate } from "@tanstack/react-router"
import { useQuery } from "@tanstack/react-query"
import { useState } from "react"
import { activityQuery, byId, integrationsQuery, pluginsQuery } from "../../data/queries.ts"
import { Button } from "../../parts/Button.tsx"
import { May } from "../../parts/May.tsx"
import { FailureNotice } from "../../parts/Notice.tsx"
import { Empty, Page, Skeleton } from "../../parts/Page.tsx"
import { waiting } from "../../parts/waiting.ts"
import { IntegrationDialog } from "../../integrations/IntegrationDialog.tsx"
import { DeleteIntegration } from "./DeleteIntegration.tsx"
import { IntegrationCard } from "./IntegrationCard.tsx"
import "../../integrations/cards.css"

const route = getRouteApi("/integrations")

/** The configured channels, with their states. */
export const Integrations = () => {
  const { edit, new: isNew } = route.useSearch()
  const navigate = useNavigate({ from: "/integrations" })
  const { data, failureReason, isError } = useQuery(integrationsQuery)
  const { data: plugins } = useQuery(pluginsQuery)
  const { data: activity } = useQuery(activityQuery)
  const [removed, setRemoved] = useState<string>()
  const activities = new Map(activity?.items.map((one) => [one.integration, one]))
  const byType = new Map(plugins?.items.map((plugin) => [plugin.type, plugin]))
  const known = byId(data?.items)
  const toRemove = removed === undefined ? undefined : known.get(removed)

  const add = (
    <May scope="write">
      <Button look="primary" icon="plus" onPress={() => void navigate({ search: { new: "yes" } })}>
        Add new integration
      </Button>
    </May>
  )

  return (
    <Page
      name="Integrations"
      beside={data && data.total > 0 ? data.total : undefined}
      actions={data && data.total > 0 ? add : undefined}
    >
      {failureReason && <FailureNotice error={failureReason} />}
      {data === undefined ? (
        !isError && <Skeleton {...waiting["/integrations"]} />
      ) : data.items.length === 0 ? (
        <Empty title="No integration yet" actions={add}>
          <p>
            An integration is a channel that gets messages: a type, a name and what the service needs. Alert rules then
            say which alerts go there.
          </p>
        </Empty>
      ) : (
        <ul className="cards">
          {data.items.map((integration) => (
            <IntegrationCard
              key={integration.id}
              integration={integration}
              typeTitle={byType.get(integration.type)?.title}
              fallback={integration.fallback && (known.get(integration.fallback)?.name ?? integration.fallback)}
              activity={activities.get(integration.id)}
              onEdit={() => void navigate({ search: { edit: integration.id } })}
              onDelete={() => setRemoved(integration.id)}
            />
          ))}
        </ul>
      )}
      {isNew !== undefined && <IntegrationDialog onClose={() => void navigate({ search: {} })} />}
      {edit !== undefined && <IntegrationDialog key={edit} id={edit} onClose={() => void navigate({ search: {} })} />}
      {toRemove && <DeleteIntegration integration={toRemove} onClose={() => setRemoved(undefined)} />}
    </Page>
  )
}
