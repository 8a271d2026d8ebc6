import { useQuery } from "@tanstack/react-query"
import { call } from "../data/call.ts"
import { type IntegrationId, pluginsQuery } from "../data/queries.ts"
import { Dialog } from "../parts/Dialog.tsx"
import { FailureNotice } from "../parts/Notice.tsx"
import { Skeleton } from "../parts/Page.tsx"
import { draftOf, emptyDraft } from "./draft.ts"
import { IntegrationForm } from "./IntegrationForm.tsx"
import "./IntegrationDialog.css"

interface Props {
  /** Which one is edited; absent to add one. */
  readonly id?: string
  readonly onClose: () => void
  readonly onSaved?: (id: string) => void
}

/** Adds or edits an integration. */
export const IntegrationDialog = ({ id, onClose, onSaved }: Props) => {
  const plugins = useQuery(pluginsQuery)
  const stored = useQuery({
    queryKey: ["integration", id],
    queryFn: ({ signal }) => call((client) => client.integrations.get({ params: { id: id as IntegrationId } }), signal),
    enabled: id !== undefined,
    // What was opened is edited: a change by someone else is found out when it is saved.
    staleTime: 0,
    gcTime: 0,
    refetchOnMount: "always"
  })
  const error = stored.error ?? plugins.failureReason
  if (plugins.data === undefined || (id !== undefined && stored.data === undefined)) {
    return (
      <Dialog title={id === undefined ? "Add new integration" : "Edit integration"} width="wide" onClose={onClose}>
        <div className="dialog-body">
          {error === null ? <Skeleton rows={4} height="3rem" /> : <FailureNotice error={error} />}
        </div>
      </Dialog>
    )
  }
  const { data } = stored
  return (
    <IntegrationForm
      plugins={plugins.data.items}
      stored={data && { ...data.body, etag: data.headers.etag }}
      start={data === undefined ? emptyDraft : draftOf(data.body)}
      onClose={onClose}
      onSaved={onSaved}
    />
  )
}
