import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query"
import { call } from "../../data/call.ts"
import type { RuleRow } from "../../data/queries.ts"
import { send } from "../../data/send.ts"
import { messagesText } from "../../integrations/messagesText.ts"
import type { SaveEffect } from "../../integrations/SaveConsequences.tsx"
import { announce } from "../../parts/announce.ts"
import { Button } from "../../parts/Button.tsx"
import { Dialog } from "../../parts/Dialog.tsx"
import { FailureNotice } from "../../parts/Notice.tsx"
import { ruleDraftOf, rulePayloadOf } from "./ruleDraft.ts"

interface Props {
  readonly rule: RuleRow & { readonly etag: string }
  readonly names: ReadonlyMap<string, { readonly name: string }>
  readonly onClose: () => void
}

/** Shows the messages of a removal before it happens: the same as for disabling the rule. */
export const DeleteRule = ({ names, onClose, rule }: Props) => {
  const client = useQueryClient()
  const { data } = useQuery({
    queryKey: ["rules", rule.id, "removal"],
    queryFn: async ({ signal }) => {
      const payload = rulePayloadOf({ ...ruleDraftOf(rule), enabled: false }, rule.id)
      const { body } = await send<{ readonly integrations: SaveEffect["messages"] }>(
        "POST",
        "/v1/rules/preview",
        payload,
        {
          signal
        }
      )
      return body
    },
    retry: false,
    gcTime: 0
  })
  const remove = useMutation({
    mutationFn: () =>
      call((client) => client.rules.remove({ params: { id: rule.id }, headers: { "if-match": rule.etag } })),
    onSuccess: () => {
      announce(`Deleted ${rule.name}`)
      for (const name of ["rules", "integrations"]) void client.invalidateQueries({ queryKey: [name] })
      onClose()
    }
  })
  const text = data && messagesText(data.integrations, names)
  return (
    <Dialog title={`Delete ${rule.name}`} role="alertdialog" width="narrow" onClose={onClose}>
      <div className="dialog-body">
        {remove.error && <FailureNotice error={remove.error} />}
        <p>
          {text === undefined
            ? "Reading what this sends…"
            : text === ""
              ? "Deleting it sends nothing."
              : `Deleting it sends ${text}.`}
        </p>
      </div>
      <footer className="dialog-foot">
        <Button onPress={onClose}>Cancel</Button>
        <Button look="danger" isPending={remove.isPending} onPress={() => remove.mutate()}>
          Delete
        </Button>
      </footer>
    </Dialog>
  )
}
