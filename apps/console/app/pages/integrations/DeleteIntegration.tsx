import { useQuery } from "@tanstack/react-query"
import { call } from "../../data/call.ts"
import { byId, type IntegrationRow, integrationsQuery } from "../../data/queries.ts"
import { DeleteDialog } from "../../parts/DeleteDialog.tsx"
import { FailureNotice, Notice } from "../../parts/Notice.tsx"
import { Skeleton } from "../../parts/Page.tsx"
import { plural } from "../../parts/times.ts"
import { messagesText } from "../../integrations/messagesText.ts"

/** Shows the rules that a removal leaves without a channel, before it happens. */
export const DeleteIntegration = ({
  integration: { id, name },
  onClose
}: {
  readonly integration: IntegrationRow
  readonly onClose: () => void
}) => {
  const { data: integrations } = useQuery(integrationsQuery)
  const names = byId(integrations?.items)
  const { data, error } = useQuery({
    queryKey: ["integrations", id, "removal"],
    queryFn: ({ signal }) => call((client) => client.integrations.consequences({ payload: { remove: id } }), signal),
    retry: false
  })
  return (
    <DeleteDialog
      name={name}
      changes={["integrations", "rules"]}
      remove={() =>
        call((client) => client.integrations.remove({ params: { id }, headers: {}, query: { force: "true" } }))
      }
      onClose={onClose}
    >
      {error && <FailureNotice error={error} />}
      {data === undefined && !error && <Skeleton rows={2} height="1.25rem" />}
      {data && (
        <ul className="consequences">
          {data.rules.length === 0 && data.fallbackFor.length === 0 && <li>No rule and no fallback uses it.</li>}
          {data.rules.map((rule) => (
            <li key={rule.id}>
              {rule.integrationsLeft === 0 ? (
                <Notice tone="warn">
                  <span>
                    The rule <strong>{rule.name}</strong> is left without a channel: it notifies nobody.
                  </span>
                </Notice>
              ) : (
                <>
                  The rule <strong>{rule.name}</strong> keeps {plural(rule.integrationsLeft, "other integration")}.
                </>
              )}
            </li>
          ))}
          {data.fallbackFor.map((one) => (
            <li key={one}>
              <strong>{names.get(one)?.name ?? one}</strong> is left without a fallback.
            </li>
          ))}
          {data.superseded > 0 && (
            <li>{plural(data.superseded, "pending delivery is", "pending deliveries are")} never sent.</li>
          )}
          {data.integrations.length > 0 && <li>{messagesText(data.integrations, names)}</li>}
        </ul>
      )}
    </DeleteDialog>
  )
}
