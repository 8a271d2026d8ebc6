import { useQuery } from "@tanstack/react-query"
import { useState } from "react"
import { call } from "../../data/call.ts"
import { sourceTypesQuery } from "../../data/queries.ts"
import { Dialog } from "../../parts/Dialog.tsx"
import { FailureNotice } from "../../parts/Notice.tsx"
import { Skeleton } from "../../parts/Page.tsx"
import { useUnsaved } from "../../parts/useUnsaved.tsx"
import { draftOf, emptyDraft } from "./sourceDraft.ts"
import { SourceForm } from "./SourceForm.tsx"
import { type Saved, SourceSaved } from "./SourceSaved.tsx"

interface Props {
  /** The edited source; absent to add one. */
  readonly name?: string
  readonly onClose: () => void
}

/** Adds or edits a configured source, and then shows what to paste at the sender. */
export const SourceDialog = ({ name, onClose }: Props) => {
  const types = useQuery(sourceTypesQuery)
  const stored = useQuery({
    queryKey: ["source", name],
    queryFn: ({ signal }) => call((client) => client.sources.get({ params: { name: name ?? "" } }), signal),
    enabled: name !== undefined,
    // Edits the version that was opened: a save detects a change by someone else.
    staleTime: 0,
    gcTime: 0,
    refetchOnMount: "always"
  })
  const [isDirty, setIsDirty] = useState(false)
  const unsaved = useUnsaved(isDirty)
  const [saved, setSaved] = useState<Saved>()
  const error = stored.error ?? types.failureReason
  const { data } = stored
  const title = name === undefined ? "Add new source" : `Edit ${name}`
  if (saved !== undefined) {
    return (
      <Dialog title={`Saved ${saved.name}`} onClose={onClose}>
        <SourceSaved saved={saved} onClose={onClose} />
      </Dialog>
    )
  }
  return (
    <Dialog title={title} width="wide" onClose={() => unsaved.leave(onClose)}>
      {types.data === undefined || (name !== undefined && data === undefined) ? (
        <div className="dialog-body">
          {error === null ? <Skeleton rows={4} height="3rem" /> : <FailureNotice error={error} />}
        </div>
      ) : (
        <SourceForm
          types={types.data.items}
          stored={data && { ...data.body, etag: data.headers.etag }}
          start={data === undefined ? emptyDraft : draftOf(data.body)}
          onDirty={setIsDirty}
          onSaved={(saved) => {
            unsaved.saved()
            if (saved === undefined) onClose()
            else setSaved(saved)
          }}
        />
      )}
      {unsaved.question}
    </Dialog>
  )
}
