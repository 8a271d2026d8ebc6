import { useQuery } from "@tanstack/react-query"
import { useState } from "react"
import { call } from "../data/call.ts"
import { type IntegrationId, pluginsQuery } from "../data/queries.ts"
import { Dialog } from "../parts/Dialog.tsx"
import { FailureNotice } from "../parts/Notice.tsx"
import { Skeleton } from "../parts/Page.tsx"
import { useUnsaved } from "../parts/useUnsaved.tsx"
import { draftOf, emptyDraft } from "./draft.ts"
import { IntegrationForm } from "./IntegrationForm.tsx"
import "./IntegrationDialog.css"

interface Props {
  /** The edited integration; absent to add one. */
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
    // Edits the version that was opened: a save detects a change by someone else.
    staleTime: 0,
    gcTime: 0,
    refetchOnMount: "always"
  })
  const [isDirty, setIsDirty] = useState(false)
  const unsaved = useUnsaved(isDirty)
  const error = stored.error ?? plugins.failureReason
  const { data } = stored
  const title = id === undefined ? "Add new integration" : `Edit ${data?.body.name ?? "integration"}`
  // One dialog, whatever is in it: a second one would not know where focus goes back to.
  return (
    <Dialog title={title} width="wide" onClose={() => unsaved.leave(onClose)}>
      {plugins.data === undefined || (id !== undefined && data === undefined) ? (
        <div className="dialog-body">
          {error === null ? <Skeleton rows={4} height="3rem" /> : <FailureNotice error={error} />}
        </div>
      ) : (
        <IntegrationForm
          plugins={plugins.data.items}
          stored={data && { ...data.body, etag: data.headers.etag }}
          start={data === undefined ? emptyDraft : draftOf(data.body)}
          onDirty={setIsDirty}
          onSaved={(saved) => {
            unsaved.saved()
            onSaved?.(saved)
            onClose()
          }}
        />
      )}
      {unsaved.question}
    </Dialog>
  )
}
