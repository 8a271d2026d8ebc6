import { call } from "../../data/call.ts"
import { DeleteDialog } from "../../parts/DeleteDialog.tsx"

/** Asks before a configured source is deleted. */
export const DeleteSource = ({ name, onClose }: { readonly name: string; readonly onClose: () => void }) => (
  <DeleteDialog
    name={name}
    changes={["sources"]}
    remove={() => call((client) => client.sources.remove({ params: { name }, headers: {} }))}
    onClose={onClose}
  >
    <p>Its configuration and its credential are deleted: what posts with them is refused. Its alerts stay.</p>
  </DeleteDialog>
)
