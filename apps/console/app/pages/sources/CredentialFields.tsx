import { type FormContext, SettingsForm } from "../../forms/SettingsForm.tsx"
import { Button } from "../../parts/Button.tsx"
import { Select } from "../../parts/Select.tsx"
import { type Credential, credentialFields, type Draft, withNewSecret } from "./sourceDraft.ts"

const kinds: ReadonlyArray<{ readonly value: Credential; readonly label: string }> = [
  { value: "none", label: "None of its own" },
  { value: "token", label: "Token" },
  { value: "basic", label: "User and password" },
  { value: "hmac", label: "Signature (HMAC)" },
  { value: "urlToken", label: "Token in the URL" }
]

const hints: { readonly [Kind in Credential]?: string } = {
  none: "It posts with the gateway's token, or with an API key.",
  urlToken: "For a sender that can set no header. The gateway records the URL nowhere, but proxies in between may.",
  several: "More than one is stored. They stay as they are, unless you choose one."
}

/** The choice of a credential, and its fields. */
export const CredentialFields = ({
  draft,
  isSeveral,
  onChange,
  ...context
}: FormContext & {
  readonly draft: Draft
  /** Whether more than one is stored. */
  readonly isSeveral: boolean
  readonly onChange: (draft: Draft) => void
}) => {
  const { credential, given } = draft
  return (
    <>
      <Select
        label="Credential"
        hint={hints[credential]}
        value={credential}
        options={isSeveral ? [...kinds, { value: "several", label: "Several" }] : kinds}
        onChange={(credential) => onChange({ ...draft, credential })}
      />
      {credential !== "none" && credential !== "several" && (
        <div className="source-credential">
          <SettingsForm
            key={credential}
            fields={credentialFields[credential]}
            value={given}
            onChange={(given) => onChange({ ...draft, given })}
            at=""
            {...context}
          />
          <Button onPress={() => onChange(withNewSecret(draft))}>Make a random one</Button>
        </div>
      )}
    </>
  )
}
