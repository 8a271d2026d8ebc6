import { useMutation, useQueryClient } from "@tanstack/react-query"
import { useRef, useState } from "react"
import { useMay } from "../data/may.ts"
import type { DeliveryRow } from "../data/queries.ts"
import { send } from "../data/send.ts"
import { ErrorSummary } from "../forms/ErrorSummary.tsx"
import { formErrors, useFocusOnError } from "../forms/errors.ts"
import { announce } from "../parts/announce.ts"
import { Button } from "../parts/Button.tsx"
import { TextInput } from "../parts/controls.tsx"
import { Dialog } from "../parts/Dialog.tsx"
import { Form } from "../parts/Form.tsx"
import { useUnsaved } from "../parts/useUnsaved.tsx"

/**
 * Redelivers a delivery that has ended. One that was delivered is sent twice by that: lists offer it in the delivery's
 * details alone, and it needs a reason.
 */
export const RedeliverButton = ({ delivery }: { readonly delivery: DeliveryRow }) => {
  const client = useQueryClient()
  const [isAsking, setIsAsking] = useState(false)
  const mayWrite = useMay("write")
  const redeliver = useMutation({
    mutationFn: (reason: string) =>
      send("POST", `/v1/deliveries/${encodeURIComponent(delivery.id)}/redeliver`, reason === "" ? {} : { reason }),
    onSuccess: () => {
      setIsAsking(false)
      announce("A new delivery was made")
      for (const name of ["deliveries", "alert", "lanes"]) void client.invalidateQueries({ queryKey: [name] })
    },
    onError: () => setIsAsking(true)
  })
  if (!mayWrite) return null
  if (delivery.status !== "dead" && delivery.status !== "delivered") return null
  return (
    <>
      <Button
        look={delivery.status === "dead" ? "plain" : "quiet"}
        icon="retry"
        isPending={redeliver.isPending}
        onPress={() => (delivery.status === "delivered" ? setIsAsking(true) : redeliver.mutate(""))}
      >
        Redeliver
      </Button>
      {isAsking && (
        <ReasonDialog
          title="Redeliver"
          button="Redeliver"
          error={redeliver.error}
          isPending={redeliver.isPending}
          onClose={() => setIsAsking(false)}
          onReason={(reason) => redeliver.mutate(reason)}
        >
          {delivery.status === "delivered" && (
            <p>This message was delivered. Sending it again makes it appear twice; history keeps your reason.</p>
          )}
        </ReasonDialog>
      )}
    </>
  )
}

interface ReasonProps {
  readonly title: string
  readonly button: string
  readonly error: unknown
  readonly isPending: boolean
  readonly children: React.ReactNode
  readonly onClose: () => void
  readonly onReason: (reason: string) => void
}

/** Asks for a reason that history keeps; the gateway says whether there must be one. */
export const ReasonDialog = ({ button, children, error, isPending, onClose, onReason, title }: ReasonProps) => {
  const form = useRef<HTMLFormElement>(null)
  const [reason, setReason] = useState("")
  const errors = formErrors(error)
  useFocusOnError(form, error)
  const unsaved = useUnsaved(reason !== "")
  const close = () => unsaved.leave(onClose)
  return (
    <Dialog title={title} width="narrow" onClose={close}>
      <Form ref={form} onSubmit={() => onReason(reason.trim())}>
        <div className="dialog-body">
          {error !== null && error !== undefined && (
            <ErrorSummary error={error} elsewhere={errors.elsewhere((path) => path === "/reason")} />
          )}
          {children}
          <TextInput label="Reason" value={reason} onChange={setReason} error={errors.at("/reason", true)} autoFocus />
        </div>
        <footer className="dialog-foot">
          <Button onPress={close}>Cancel</Button>
          <Button type="submit" look="primary" isPending={isPending}>
            {button}
          </Button>
        </footer>
      </Form>
      {unsaved.question}
    </Dialog>
  )
}
