import { useMutation, useQueryClient } from "@tanstack/react-query"
import { useRef, useState } from "react"
import { send } from "../../data/send.ts"
import { ErrorSummary } from "../../forms/ErrorSummary.tsx"
import { formErrors, useFocusOnError } from "../../forms/errors.ts"
import { Button } from "../../parts/Button.tsx"
import { TextInput } from "../../parts/controls.tsx"
import { Dialog } from "../../parts/Dialog.tsx"
import { Form } from "../../parts/Form.tsx"
import { Select } from "../../parts/Select.tsx"
import { useUnsaved } from "../../parts/useUnsaved.tsx"
import { Secret } from "./Secret.tsx"

const scopes = [
  { value: "read", label: "Read: look at everything" },
  { value: "write", label: "Write: also change rules and integrations" },
  { value: "admin", label: "Admin: also manage keys and sessions" },
  { value: "ingest", label: "Ingest: post to one source, nothing else" }
] as const

const day = 86_400

const lives = [
  { value: String(30 * day), label: "In 30 days" },
  { value: String(90 * day), label: "In 90 days" },
  { value: String(365 * day), label: "In a year" },
  { value: "never", label: "Never" }
] as const

/** Creates a key, and shows it once. */
export const CreateKey = ({ onClose }: { readonly onClose: () => void }) => {
  const client = useQueryClient()
  const form = useRef<HTMLFormElement>(null)
  const [name, setName] = useState("")
  const [scope, setScope] = useState<(typeof scopes)[number]["value"]>("read")
  const [source, setSource] = useState("")
  const [life, setLife] = useState<(typeof lives)[number]["value"]>(lives[1].value)
  const create = useMutation({
    mutationFn: () =>
      send<{ readonly secret: string }>("POST", "/v1/keys", {
        name,
        scopes: [scope === "ingest" ? `ingest:${source}` : scope],
        ...(life !== "never" && { expiresAfter: Number(life) })
      }),
    onSuccess: () => void client.invalidateQueries({ queryKey: ["keys"] })
  })
  const errors = formErrors(create.error)
  useFocusOnError(form, create.error)
  const secret = create.data?.body.secret
  const unsaved = useUnsaved(secret === undefined && (name !== "" || source !== ""))
  const close = () => unsaved.leave(onClose)
  if (secret !== undefined) {
    return (
      <Dialog title={`Created ${name}`} onClose={onClose}>
        <div className="dialog-body">
          <Secret secret={secret} />
        </div>
        <footer className="dialog-foot">
          <Button look="primary" onPress={onClose}>
            Done
          </Button>
        </footer>
      </Dialog>
    )
  }
  return (
    <Dialog title="Create key" onClose={close}>
      <Form ref={form} onSubmit={() => create.mutate()}>
        <div className="dialog-body">
          {create.error !== null && (
            <ErrorSummary
              error={create.error}
              elsewhere={errors.elsewhere((path) => path === "/name" || path.startsWith("/scopes"))}
            />
          )}
          <TextInput
            label="Name"
            value={name}
            onChange={setName}
            error={errors.at("/name", true)}
            hint="The program or person that uses it. The audit log shows this name."
            autoFocus
          />
          <Select label="Scope" value={scope} onChange={setScope} options={scopes} />
          {scope === "ingest" && (
            <TextInput
              label="Source"
              value={source}
              onChange={setSource}
              error={errors.at("/scopes", true)}
              hint="The name of the source, such as alertmanager."
            />
          )}
          <Select label="Expires" value={life} onChange={setLife} options={lives} />
        </div>
        <footer className="dialog-foot">
          <Button onPress={close}>Cancel</Button>
          <Button type="submit" look="primary" isPending={create.isPending}>
            Create key
          </Button>
        </footer>
      </Form>
      {unsaved.question}
    </Dialog>
  )
}
