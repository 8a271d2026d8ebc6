import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query"
import { useState } from "react"
import { call } from "../../data/call.ts"
import { type KeyRow, keysQuery } from "../../data/queries.ts"
import { announce } from "../../parts/announce.ts"
import { Button } from "../../parts/Button.tsx"
import { Dialog } from "../../parts/Dialog.tsx"
import { FailureNotice } from "../../parts/Notice.tsx"
import { Section, Skeleton } from "../../parts/Page.tsx"
import { When } from "../../parts/When.tsx"
import { CreateKey } from "./CreateKey.tsx"
import { Secret } from "./Secret.tsx"

/** The API keys: lists, creates, rotates and revokes them. */
export const Keys = () => {
  const { data: keys, failureReason, isError } = useQuery(keysQuery)
  const [isCreating, setIsCreating] = useState(false)
  const active = keys?.items.filter(({ state }) => state === "active").length
  return (
    <Section
      title="API keys"
      beside={active}
      actions={
        <Button icon="plus" onPress={() => setIsCreating(true)}>
          Create key
        </Button>
      }
    >
      {failureReason && <FailureNotice error={failureReason} />}
      {keys === undefined ? (
        !isError && <Skeleton height="3.5rem" rows={2} />
      ) : keys.items.length === 0 ? (
        <p className="quiet">
          There is no key yet. Give every program and person one of its own, with the least scope.
        </p>
      ) : (
        <ul className="panel sources">
          {keys.items.map((key) => (
            <KeyLine key={key.id} shown={key} />
          ))}
        </ul>
      )}
      {isCreating && <CreateKey onClose={() => setIsCreating(false)} />}
    </Section>
  )
}

const KeyLine = ({
  shown: { createdAt, createdBy, expiresAt, id, lastUsedAt, name, replacedBy, revokedAt, scopes, state }
}: {
  readonly shown: KeyRow
}) => {
  const client = useQueryClient()
  const [isRevoking, setIsRevoking] = useState(false)
  const [secret, setSecret] = useState<string>()
  const reread = () => {
    for (const name of ["keys", "sessions"]) void client.invalidateQueries({ queryKey: [name] })
  }
  const revoke = useMutation({
    mutationFn: () => call((client) => client.keys.revoke({ params: { id } })),
    onSuccess: () => {
      setIsRevoking(false)
      announce(`Revoked ${name}`)
      reread()
    }
  })
  const rotate = useMutation({
    mutationFn: () => call((client) => client.keys.rotate({ params: { id }, payload: {} })),
    onSuccess: (created) => {
      setSecret(created.secret)
      reread()
    }
  })
  const isActive = state === "active"
  return (
    <li className="session">
      <div>
        <strong className="foreign">{name}</strong> <span className="key-scopes">{scopes.join(", ")}</span>
        {!isActive && <span className="badge">{state}</span>}
        <div className="quiet">
          Created <When at={createdAt} /> by <bdi>{createdBy}</bdi>, last used{" "}
          {lastUsedAt ? <When at={lastUsedAt} /> : "never"}
          {revokedAt ? (
            <>
              , revoked <When at={revokedAt} />
            </>
          ) : (
            expiresAt && (
              <>
                , {isActive ? "expires" : "expired"} <When at={expiresAt} />
              </>
            )
          )}
        </div>
        {rotate.error && <FailureNotice error={rotate.error} />}
      </div>
      {isActive && (
        <div className="key-actions">
          {replacedBy === undefined && (
            <Button
              look="quiet"
              isPending={rotate.isPending}
              onPress={() => rotate.mutate()}
              aria-label={`Rotate ${name}`}
            >
              Rotate
            </Button>
          )}
          <Button look="quiet" icon="bin" onPress={() => setIsRevoking(true)} aria-label={`Revoke ${name}`}>
            Revoke
          </Button>
        </div>
      )}
      {isRevoking && (
        <Dialog title={`Revoke ${name}`} role="alertdialog" width="narrow" onClose={() => setIsRevoking(false)}>
          <div className="dialog-body">
            {revoke.error && <FailureNotice error={revoke.error} />}
            <p>
              Whatever uses it is refused at once, and sessions that were started with it end. A key cannot be restored.
            </p>
          </div>
          <footer className="dialog-foot">
            <Button onPress={() => setIsRevoking(false)}>Cancel</Button>
            <Button look="danger" isPending={revoke.isPending} onPress={() => revoke.mutate()}>
              Revoke
            </Button>
          </footer>
        </Dialog>
      )}
      {secret !== undefined && (
        <Dialog title={`Rotated ${name}`} onClose={() => setSecret(undefined)}>
          <div className="dialog-body">
            <Secret secret={secret} />
            <p>The old key stays valid for a day.</p>
          </div>
          <footer className="dialog-foot">
            <Button look="primary" onPress={() => setSecret(undefined)}>
              Done
            </Button>
          </footer>
        </Dialog>
      )}
    </li>
  )
}
