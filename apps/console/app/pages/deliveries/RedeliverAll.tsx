import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query"
import { useRef, useState } from "react"
import { call } from "../../data/call.ts"
import type { DeliveryRow, IntegrationId } from "../../data/queries.ts"
import { send } from "../../data/send.ts"
import { ErrorSummary } from "../../forms/ErrorSummary.tsx"
import { formErrors, useFocusOnError } from "../../forms/errors.ts"
import { announce } from "../../parts/announce.ts"
import { Button } from "../../parts/Button.tsx"
import { TextInput } from "../../parts/controls.tsx"
import { Dialog } from "../../parts/Dialog.tsx"
import { Form } from "../../parts/Form.tsx"
import { plural } from "../../parts/times.ts"
import { useUnsaved } from "../../parts/useUnsaved.tsx"
import { type DeliverySearch, sinceTime } from "./search.ts"

interface Props {
  readonly search: DeliverySearch
  readonly names: ReadonlyMap<string, { readonly name: string }>
  readonly onClose: () => void
}

/** Redelivers the filtered deliveries: the dead ones, unless the filter shows delivered ones. Counts them first. */
export const RedeliverAll = ({ names, onClose, search }: Props) => {
  const client = useQueryClient()
  const [reason, setReason] = useState("")
  const isTwice = search.state === "delivered"
  const [since] = useState(() => sinceTime(search))
  const payload = <Time,>(timeOf: (at: number) => Time) => ({
    ...(isTwice && { state: "delivered" as const }),
    ...(search.integration !== undefined && { integration: search.integration as IntegrationId }),
    ...(search.alert !== undefined && { alert: search.alert as NonNullable<DeliveryRow["alert"]> }),
    ...(since !== undefined && { since: timeOf(since) })
  })
  const { data, error } = useQuery({
    queryKey: ["deliveries", "count", search],
    queryFn: ({ signal }) =>
      call(
        (client, timeOf) =>
          client.deliveries.redeliverAll({
            payload: { ...payload(timeOf), dryRun: true, ...(isTwice && { reason: "Counting" }) }
          }),
        signal
      ),
    gcTime: 0,
    retry: false
  })
  const redeliver = useMutation({
    mutationFn: () =>
      send<{ readonly redelivered: number }>("POST", "/v1/deliveries/redeliver", {
        ...payload((at) => new Date(at).toISOString()),
        ...(reason.trim() !== "" && { reason: reason.trim() })
      }),
    onSuccess: ({ body: { redelivered } }) => {
      unsaved.saved()
      announce(`Made ${plural(redelivered, "new delivery", "new deliveries")}`)
      void client.invalidateQueries({ queryKey: ["deliveries"] })
      onClose()
    }
  })
  const failure = error ?? redeliver.error
  const errors = formErrors(failure)
  const form = useRef<HTMLFormElement>(null)
  useFocusOnError(form, failure)
  const unsaved = useUnsaved(reason !== "")
  const close = () => unsaved.leave(onClose)
  const matching = data?.matching
  const where =
    search.integration === undefined ? "" : ` to ${names.get(search.integration)?.name ?? search.integration}`
  return (
    <Dialog title="Redeliver all" role="alertdialog" width="narrow" onClose={close}>
      <Form ref={form} onSubmit={() => redeliver.mutate()}>
        <div className="dialog-body">
          {failure && <ErrorSummary error={failure} elsewhere={errors.elsewhere((path) => path === "/reason")} />}
          <p>
            {matching === undefined
              ? "Counting…"
              : matching === 0
                ? `There is no ${isTwice ? "delivered" : "dead"} delivery${where} to send again.`
                : `${plural(matching, isTwice ? "delivered message" : "dead delivery", isTwice ? "delivered messages" : "dead deliveries")}${where} ${matching === 1 ? "is" : "are"} sent again, each with what is true by then.`}
          </p>
          {isTwice && <p>They appear twice in their channels; history keeps your reason.</p>}
          {matching !== 0 && (
            <TextInput
              label="Reason"
              value={reason}
              onChange={setReason}
              error={errors.at("/reason", true)}
              {...(!isTwice && { hint: "History keeps it. It may be left out." })}
            />
          )}
        </div>
        <footer className="dialog-foot">
          <Button onPress={close}>Cancel</Button>
          <Button
            type="submit"
            look="primary"
            isPending={redeliver.isPending}
            isDisabled={matching === undefined || matching === 0}
          >
            {matching === undefined || matching === 0 ? "Redeliver" : `Redeliver ${matching}`}
          </Button>
        </footer>
      </Form>
      {unsaved.question}
    </Dialog>
  )
}
