import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query"
import { call } from "../../data/call.ts"
import { Failure } from "../../data/failure.ts"
import { healthQuery, keysQuery, type SessionRow, sessionsQuery } from "../../data/queries.ts"
import { useMay } from "../../data/may.ts"
import { sessionQuery, signOut } from "../../data/session.ts"
import { announce } from "../../parts/announce.ts"
import { Button } from "../../parts/Button.tsx"
import { Icon } from "../../parts/Icon.tsx"
import { FailureNotice, Notice } from "../../parts/Notice.tsx"
import { Page, Section, Skeleton } from "../../parts/Page.tsx"
import { When } from "../../parts/When.tsx"
import { waiting } from "../../parts/waiting.ts"
import "../../integrations/cards.css"
import { Keys } from "./Keys.tsx"
import "./Access.css"

/** The API keys, the sessions, and the health of the gateway. */
export const Access = () => {
  const { data: caller, failureReason: unknownCaller } = useQuery(sessionQuery)
  const mayManage = useMay("admin")
  const keys = useQuery({ ...keysQuery, enabled: caller !== undefined && mayManage })
  const health = useQuery(healthQuery)
  const leave = useMutation({ mutationFn: signOut })
  const isWell = health.data !== undefined && health.failureReason === null

  // What comes below something that is still loading would be moved by it.
  if (caller === undefined && unknownCaller === null) {
    return (
      <Page name="Access">
        <Skeleton {...waiting["/access"]} />
      </Page>
    )
  }
  return (
    <Page
      name="Access"
      actions={
        caller?.signedInBy === "session" && (
          <Button icon="signOut" isPending={leave.isPending} onPress={() => leave.mutate()}>
            Sign out
          </Button>
        )
      }
    >
      {leave.error && <FailureNotice error={leave.error} />}
      {caller?.signedInBy === "thisMachine" && (
        <Notice tone="info">
          <strong>There is no sign-in.</strong> The gateway has no token, so it serves this machine only. Set
          TOCSIN_TOKEN to let others reach it.
        </Notice>
      )}
      {caller && !caller.isSecure && caller.signInRequired && (
        <Notice tone="warn">This page came over plain http: whoever can read the network can read the session.</Notice>
      )}
      <Section title="Gateway">
        <dl className="facts panel access-facts">
          <dt>Health</dt>
          <dd>
            <span className={`state ${isWell ? "good" : health.failureReason ? "bad" : "quiet"}`}>
              <Icon name={isWell ? "check" : "warning"} />
              {isWell ? "Healthy" : health.failureReason instanceof Failure ? health.failureReason.message : "Unknown"}
            </span>
          </dd>
          <dt>Version</dt>
          <dd>{caller?.version ?? <span className="quiet">unknown</span>}</dd>
          <dt>Address</dt>
          <dd>{location.origin}</dd>
          {caller?.name !== undefined && (
            <>
              <dt>You are</dt>
              <dd className="foreign">{caller.name}</dd>
            </>
          )}
          <dt>You may</dt>
          <dd>{caller?.scopes.join(", ")}</dd>
        </dl>
      </Section>
      {caller && mayManage && (
        <>
          <Keys />
          {(!keys.isPending || keys.failureReason !== null) && <Sessions />}
        </>
      )}
    </Page>
  )
}

const Sessions = () => {
  const { data: sessions } = useQuery(sessionsQuery)
  return (
    <Section title="Sessions" beside={sessions?.total}>
      {sessions === undefined ? (
        <Skeleton height="3.5rem" rows={2} />
      ) : sessions.items.length === 0 ? (
        <p className="quiet">No browser is signed in with a token.</p>
      ) : (
        <ul className="panel sources">
          {sessions.items.map((session) => (
            <SessionLine key={session.id} session={session} />
          ))}
        </ul>
      )}
    </Section>
  )
}

const SessionLine = ({
  session: { address, browser, createdAt, expiresAt, id, isCurrent, name }
}: {
  readonly session: SessionRow
}) => {
  const client = useQueryClient()
  const revoke = useMutation({
    mutationFn: () => call((client) => client.sessions.revoke({ params: { id } })),
    onSuccess: () => {
      announce("The session has ended")
      void client.invalidateQueries({ queryKey: ["sessions"] })
    }
  })
  return (
    <li className="session">
      <div>
        <strong>{browserName(browser)}</strong> from <bdi>{address}</bdi>
        {name !== undefined && (
          <>
            {" "}
            as <bdi>{name}</bdi>
          </>
        )}
        {isCurrent && <span className="badge-now">this browser</span>}
        <div className="quiet">
          Signed in <When at={createdAt} />, ends <When at={expiresAt} />
        </div>
        {revoke.error && <FailureNotice error={revoke.error} />}
      </div>
      {!isCurrent && (
        <Button
          isPending={revoke.isPending}
          onPress={() => revoke.mutate()}
          aria-label={`End the session from ${address}`}
        >
          End session
        </Button>
      )}
    </li>
  )
}

const browserName = (agent: string | undefined): string => {
  const [, name, version] = /(Firefox|Edg|OPR|HeadlessChrome|Chrome|Safari)\/(\d+)/.exec(agent ?? "") ?? []
  if (name === undefined) return "A browser"
  return `${{ Edg: "Edge", OPR: "Opera", HeadlessChrome: "Chromium" }[name] ?? name} ${version}`
}
