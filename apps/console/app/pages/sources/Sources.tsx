import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query"
import { Link } from "@tanstack/react-router"
import { call } from "../../data/call.ts"
import { sourcesQuery, type SourceRow, unreadableQuery, type UnreadableRow } from "../../data/queries.ts"
import { announce } from "../../parts/announce.ts"
import { Button } from "../../parts/Button.tsx"
import { Copyable } from "../../parts/Copyable.tsx"
import { Foldable } from "../../parts/Foldable.tsx"
import { Icon, type IconName } from "../../parts/Icon.tsx"
import { FailureNotice } from "../../parts/Notice.tsx"
import { Empty, Page, Section, Skeleton } from "../../parts/Page.tsx"
import { count, plural } from "../../parts/times.ts"
import { When } from "../../parts/When.tsx"
import "../../integrations/cards.css"
import "./Sources.css"

const states: {
  readonly [S in SourceRow["state"]]: { readonly word: string; readonly tone: string; readonly icon: IconName }
} = {
  ok: { word: "Receiving", tone: "good", icon: "check" },
  quiet: { word: "Quiet", tone: "quiet", icon: "dash" },
  unreadable: { word: "Unreadable", tone: "bad", icon: "warning" }
}

/** The sources, and their unreadable bodies. */
export const Sources = () => {
  const { data: sources, failureReason, isError } = useQuery(sourcesQuery)
  const { data: unreadable } = useQuery(unreadableQuery)
  return (
    <Page name="Sources" beside={sources && sources.total > 0 ? sources.total : undefined}>
      {failureReason && <FailureNotice error={failureReason} />}
      {sources === undefined ? (
        !isError && <Skeleton height="4.5rem" rows={3} />
      ) : sources.items.length === 0 ? (
        <Empty title="No source yet">
          <p>
            Post an alert to <code>{location.origin}/v1/alerts</code>, or point a monitoring system at its address here.
          </p>
        </Empty>
      ) : (
        <ul className="panel sources">
          {sources.items.map((source) => (
            <SourceLine key={source.name} source={source} />
          ))}
        </ul>
      )}
      <Section title="Unreadable bodies" beside={unreadable && count(unreadable.total)}>
        {unreadable === undefined ? (
          <Skeleton height="2.75rem" rows={2} />
        ) : unreadable.items.length === 0 ? (
          <p className="quiet">Everything that came could be read.</p>
        ) : (
          <ul className="panel sources">
            {unreadable.items.map((body) => (
              <Unreadable key={body.id} body={body} />
            ))}
          </ul>
        )}
      </Section>
    </Page>
  )
}

const SourceLine = ({
  source: { address, events24h, lastEventAt, name, state, type, unreadable24h }
}: {
  readonly source: SourceRow
}) => {
  const { icon, tone, word } = states[state]
  return (
    <li className="source">
      <div className="source-name">
        <h2 className="foreign">{name}</h2>
        <span className="quiet">{type}</span>
      </div>
      <span className={`state ${tone}`}>
        <Icon name={icon} />
        {word}
      </span>
      <div className="source-numbers numbers">
        <span>Last event {lastEventAt ? <When at={lastEventAt} /> : <span className="quiet">never</span>}</span>
        <Link to="/alerts" search={{ source: name, state: "all" }}>
          {plural(events24h, "event")} in 24 h
        </Link>
        {unreadable24h > 0 && <span className="source-bad">{count(unreadable24h)} unreadable</span>}
      </div>
      <Copyable label={`Address of ${name}`} text={`${location.origin}${address}`} />
    </li>
  )
}

const Unreadable = ({ body }: { readonly body: UnreadableRow }) => {
  const client = useQueryClient()
  const replay = useMutation({
    mutationFn: () => call((client) => client.sources.replay({ params: { id: body.id } })),
    onSuccess: ({ accepted, unreadable, why }) => {
      announce(
        unreadable > 0
          ? `It still cannot be read: ${why ?? "the shape is unknown"}`
          : `Read ${plural(accepted, "event")} of it`
      )
      void client.invalidateQueries({ queryKey: ["sources"] })
    }
  })
  return (
    <li className="unreadable">
      <div className="unreadable-head">
        <div>
          <strong className="foreign">{body.source}</strong>{" "}
          <span className="quiet">
            <When at={body.receivedAt} />
            {body.from !== undefined && ` from ${body.from}`}
          </span>
        </div>
        <Button
          icon="retry"
          isPending={replay.isPending}
          isDisabled={!body.isWhole}
          onPress={() => replay.mutate()}
          aria-label={`Replay the body that ${body.source} sent`}
        >
          Replay
        </Button>
      </div>
      <p className="foreign">{body.why}</p>
      {!body.isWhole && <p className="hint">It was too long to be kept whole, or not UTF-8: it cannot be replayed.</p>}
      {replay.error && <FailureNotice error={replay.error} />}
      <Foldable title="Show the body">
        <pre className="request" tabIndex={0} aria-label="Body">
          {body.body}
        </pre>
      </Foldable>
    </li>
  )
}
