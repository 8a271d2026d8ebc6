import { Button } from "../../parts/Button.tsx"
import { Copyable } from "../../parts/Copyable.tsx"
import { Notice } from "../../parts/Notice.tsx"
import type { CredentialKind } from "./sourceDraft.ts"

/** A source that was saved, with the secret that was entered for it. */
export interface Saved {
  readonly name: string
  /** The path to which it posts, without a token. */
  readonly address: string
  readonly secret: { readonly kind: CredentialKind; readonly text: string } | undefined
}

const titles: { readonly [Kind in Exclude<CredentialKind, "urlToken">]: string } = {
  token: "Token",
  basic: "Password",
  hmac: "Secret of the signatures"
}

/** What to paste at the sender; the secret is shown this once. */
export const SourceSaved = ({
  onClose,
  saved: { address, name, secret }
}: {
  readonly saved: Saved
  readonly onClose: () => void
}) => (
  <>
    <div className="dialog-body">
      {secret && (
        <Notice tone="warn">
          Copy {secret.kind === "urlToken" ? "the address" : "both"} now. The gateway cannot show the credential again.
        </Notice>
      )}
      <div className="source-paste">
        <span>Address to paste at the sender</span>
        <Copyable
          label="Address"
          text={`${location.origin}${secret?.kind === "urlToken" ? `/v1/sources/${name}/in/${secret.text}` : address}`}
        />
      </div>
      {secret && secret.kind !== "urlToken" && (
        <div className="source-paste">
          <span>{titles[secret.kind]}</span>
          <Copyable label={titles[secret.kind]} text={secret.text} />
        </div>
      )}
    </div>
    <footer className="dialog-foot">
      <Button look="primary" onPress={onClose}>
        Done
      </Button>
    </footer>
  </>
)
