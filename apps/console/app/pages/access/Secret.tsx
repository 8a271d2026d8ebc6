import { Copyable } from "../../parts/Copyable.tsx"
import { Notice } from "../../parts/Notice.tsx"

/** A new key, which is shown this once. */
export const Secret = ({ secret }: { readonly secret: string }) => (
  <>
    <Notice tone="warn">Copy the key now. The gateway keeps only its hash and cannot show it again.</Notice>
    <Copyable label="The new key" text={secret} />
  </>
)
