import { useMutation, useQueryClient } from "@tanstack/react-query"
import type { ReactNode } from "react"
import { announce } from "./announce.ts"
import { Button } from "./Button.tsx"
import { Dialog } from "./Dialog.tsx"
import { FailureNotice } from "./Notice.tsx"

interface Props {
  readonly name: string
  readonly remove: () => Promise<unknown>
  /** The queries whose data the deletion changes. */
  readonly changes: ReadonlyArray<string>
  readonly onClose: () => void
  /** What follows from the deletion. */
  readonly children: ReactNode
}

/** Asks before something is deleted. */
export const DeleteDialog = ({ changes, children, name, onClose, remove }: Props) => {
  const client = useQueryClient()
  const { error, isPending, mutate } = useMutation({
    mutationFn: remove,
    onSuccess: () => {
      announce(`Deleted ${name}`)
      for (const changed of changes) void client.invalidateQueries({ queryKey: [changed] })
      onClose()
    }
  })
  return (
    <Dialog title={`Delete ${name}`} role="alertdialog" width="narrow" onClose={onClose}>
      <div className="dialog-body">
        {error && <FailureNotice error={error} />}
        {children}
      </div>
      <footer className="dialog-foot">
        <Button onPress={onClose}>Cancel</Button>
        <Button look="danger" isPending={isPending} onPress={() => mutate()}>
          Delete
        </Button>
      </footer>
    </Dialog>
  )
}
