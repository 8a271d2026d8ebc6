import { useQuery } from "@tanstack/react-query"
import { call } from "../../data/call.ts"
import type { RuleRow } from "../../data/queries.ts"
import { send } from "../../data/send.ts"
import { messagesText } from "../../integrations/messagesText.ts"
import type { SaveEffect } from "../../integrations/SaveConsequences.tsx"
import { DeleteDialog } from "../../parts/DeleteDialog.tsx"
import { ruleDraftOf, rulePayloadOf } from "./ruleDraft.ts"

interface Props {
  readonly rule: RuleRow & { readonly etag: string }
  readonly names: ReadonlyMap<string, { readonly name: string }>
  readonly onClose: () => void
}

/** Shows the messages of a removal before it happens: the same as for disabling the rule. */
export const DeleteRule = ({ names, onClose, rule }: Props) => {
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
  const text = data && messagesText(data.integrations, names)
  return (
    <DeleteDialog
      name={rule.name}
      changes={["rules", "integrations"]}
      remove={() =>
        call((client) => client.rules.remove({ params: { id: rule.id }, headers: { "if-match": rule.etag } }))
      }
      onClose={onClose}
    >
      <p>
        {text === undefined
          ? "Reading what this sends…"
          : text === ""
            ? "Deleting it sends nothing."
            : `Deleting it sends ${text}.`}
      </p>
    </DeleteDialog>
  )
}
