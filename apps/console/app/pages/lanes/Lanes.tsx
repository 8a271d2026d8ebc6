import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query"
import { Link } from "@tanstack/react-router"
import { useState } from "react"
import { lanesQuery, type LaneRow } from "../../data/queries.ts"
import { send } from "../../data/send.ts"
import { ReasonDialog } from "../../deliveries/Redeliver.tsx"
import { adviceFor } from "../../integrations/state.ts"
import { announce } from "../../parts/announce.ts"
import { May } from "../../parts/May.tsx"
import { Button } from "../../parts/Button.tsx"
import { Icon, type IconName } from "../../parts/Icon.tsx"
import { OutLink } from "../../parts/Linked.tsx"
import { FailureNotice } from "../../parts/Notice.tsx"
import { Empty, Page, Skeleton } from "../../parts/Page.tsx"
import { count, duration, plural } from "../../parts/times.ts"
import { useTick } from "../../parts/useTick.ts"
import { When } from "../../parts/When.tsx"
import { waiting } from "../../parts/waiting.ts"
import "../../integrations/cards.css"
import "./Lanes.css"

/** The current state of each lane. */
export const Lanes = () => {
  const { data, failureReason, isError } = useQuery({ ...lanesQuery, refetchInterval: 5_000 })
  return (
    <Page name="Lanes" beside={data && data.total > 0 ? data.total : undefined}>
      {failureReason && <FailureNotice error={failureReason} />}
      {data === undefined ? (
        !isError && <Skeleton {...waiting["/lanes"]} />
      ) : data.items.length === 0 ? (
        <Empty
          title="No lane yet"
          actions={
            <Link to="/integrations" search={{ new: "yes" }} className="button plain">
              Add an integration
            </Link>
          }
        >
          <p>Each integration has a lane: its own line of deliveries, at its own rate limit.</p>
        </Empty>
      ) : (
        <ul className="cards">
          {data.items.map((lane) => (
            <LaneCard key={lane.integration} lane={lane} />
          ))}
        </ul>
      )}
    </Page>
  )
}

interface Shown {
  readonly word: string
  readonly tone: string
  readonly icon: IconName
}

/** A shorter wait for the rate limit is the usual pace. */
const longWait = 10_000

const stateOf = ({ circuit, enabled, nextAt, paused, pending }: LaneRow, now: number): Shown => {
  if (circuit.because === "broken") return { word: "Broken", tone: "bad", icon: "warning" }
  if (paused !== undefined) return { word: "Paused", tone: "warn", icon: "pause" }
  if (!enabled) return { word: "Disabled", tone: "quiet", icon: "off" }
  const isLimited = pending > 0 && nextAt !== undefined && nextAt.epochMilliseconds > now + longWait
  if (circuit.state === "open" || isLimited) return { word: "Waiting", tone: "warn", icon: "clock" }
  return pending > 0
    ? { word: "Sending", tone: "good", icon: "deliveries" }
    : { word: "Idle", tone: "quiet", icon: "check" }
}

/** Whether its messages wait for a reason other than the rate limit. */
const isHeld = ({ circuit, enabled, paused }: LaneRow): boolean =>
  !enabled || paused !== undefined || circuit.state === "open"

const LaneCard = ({ lane }: { readonly lane: LaneRow }) => {
  const { circuit, integration, lastDigest, name, nextAt, oldestAt, paused, pending, rateLimit, retryingUntil, storm } =
    lane
  const now = useTick()
  const { icon, tone, word } = stateOf(lane, now)
  return (
    <li className={`panel card ${lane.enabled ? tone.replace("quiet", "") : tone}`}>
      <header className="card-head">
        <div className="card-name">
          <h2 className="foreign">{name}</h2>
        </div>
        <span className={`state ${tone}`}>
          <Icon name={icon} />
          {word}
        </span>
      </header>
      <div className="card-body">
        {paused && (
          <div className="card-trouble">
            <span className="foreign">
              Paused by {paused.by}, <When at={paused.since} />: {paused.reason}
            </span>
          </div>
        )}
        {circuit.state === "open" && (
          <div className="card-trouble">
            <span className="foreign">{circuitText(circuit)}</span>
            {circuit.until && (
              <span>
                Next attempt <When at={circuit.until} relative />
              </span>
            )}
          </div>
        )}
        {storm && <Storm storm={storm} />}
        <dl className="facts">
          <dt>Pending</dt>
          <dd className="numbers">
            <Link to="/deliveries" search={{ state: "open", integration }}>
              {plural(pending, "delivery", "deliveries")}
            </Link>
            {oldestAt && pending > 0 && (
              <>
                , oldest <When at={oldestAt} relative />
              </>
            )}
          </dd>
          <dt>Rate limit</dt>
          <dd className="numbers">
            {rateLimit ? (
              rateLimitText(rateLimit)
            ) : (
              <span className="quiet">Owned by another gateway, which alone knows its rate limit</span>
            )}
          </dd>
          {!isHeld(lane) && rateLimit && (
            <>
              <dt>Next message</dt>
              <dd>
                {nextAt && nextAt.epochMilliseconds > now ? (
                  <When at={nextAt} relative />
                ) : (
                  <span className="quiet">may be sent now</span>
                )}
              </dd>
            </>
          )}
          {retryingUntil && (
            <>
              <dt>Retrying until</dt>
              <dd>
                <When at={retryingUntil} />
              </dd>
            </>
          )}
          <dt>Last digest</dt>
          <dd>
            {lastDigest ? (
              <>
                <Link to="/deliveries" search={{ open: lastDigest.delivery }}>
                  {plural(lastDigest.included, "alert")}
                </Link>{" "}
                <When at={lastDigest.at} /> <span className="quiet">{lastDigest.status}</span>{" "}
                {lastDigest.page && <OutLink href={lastDigest.page.href}>List</OutLink>}
              </>
            ) : (
              <span className="quiet">none</span>
            )}
          </dd>
        </dl>
      </div>
      <footer className="card-foot">
        <PauseButton lane={lane} />
      </footer>
    </li>
  )
}

const rateLimitText = ({ burst, messages, perSeconds }: NonNullable<LaneRow["rateLimit"]>): string =>
  `${plural(messages, "message")} in ${duration(perSeconds * 1000)}${burst === messages ? "" : `, ${count(burst)} at once`}`

const circuitText = ({ because, reason }: LaneRow["circuit"]): string => {
  if (because === "broken") return `${reason ?? "Broken"}. ${adviceFor(reason ?? "") ?? ""}`
  return because === "limited" ? "The service asked for a pause." : "The service cannot be reached."
}

/** The progress of a storm. */
const Storm = ({ storm: { endsAt, pending, sent, since } }: { readonly storm: NonNullable<LaneRow["storm"]> }) => {
  const all = sent + pending
  return (
    <div className="storm">
      <div className="storm-head">
        <strong>Storm</strong>
        <span className="quiet">
          since <When at={since} />
        </span>
      </div>
      <svg viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">
        <rect className="base" width={100} height={6} rx={1} />
        <rect className="good" width={all === 0 ? 0 : (sent / all) * 100} height={6} rx={1} />
      </svg>
      <p className="numbers">
        {count(sent)} sent, {count(pending)} pending
        {endsAt && (
          <>
            , all sent <When at={endsAt} relative />
          </>
        )}
      </p>
    </div>
  )
}

const PauseButton = ({ lane: { integration, name, paused } }: { readonly lane: LaneRow }) => {
  const client = useQueryClient()
  const [isAsking, setIsAsking] = useState(false)
  const isPaused = paused !== undefined
  const word = isPaused ? "Resume" : "Pause"
  const change = useMutation({
    mutationFn: (reason: string) =>
      send("POST", `/v1/integrations/${encodeURIComponent(integration)}/${isPaused ? "resume" : "pause"}`, { reason }),
    onSuccess: () => {
      setIsAsking(false)
      announce(isPaused ? `Resumed ${name}` : `Paused ${name}`)
      for (const key of ["lanes", "integrations"]) void client.invalidateQueries({ queryKey: [key] })
    }
  })
  return (
    <>
      <May scope="write">
        <Button
          look="quiet"
          icon={isPaused ? "play" : "pause"}
          onPress={() => setIsAsking(true)}
          aria-label={`${word} ${name}`}
        >
          {word}
        </Button>
      </May>
      {isAsking && (
        <ReasonDialog
          title={`${word} ${name}`}
          button={word}
          error={change.error}
          isPending={change.isPending}
          onClose={() => setIsAsking(false)}
          onReason={(reason) => change.mutate(reason)}
        >
          <p>
            {isPaused
              ? "The queued messages are sent at the rate limit."
              : "New messages are queued until it is resumed. Test messages are still sent."}
          </p>
        </ReasonDialog>
      )}
    </>
  )
}
