import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query"
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router"
import { useState } from "react"
import { call } from "../../data/call.ts"
import {
  sourcesQuery,
  sourceTypesQuery,
  type SourceRow,
  type SourceTypeRow,
  unreadableQuery,
  type UnreadableRow
} from "../../data/queries.ts"
import { announce } from "../../parts/announce.ts"
import { Button } from "../../parts/Button.tsx"
import { Copyable } from "../../parts/Copyable.tsx"
import { Foldable } from "../../parts/Foldable.tsx"
import { Icon, type IconName } from "../../parts/Icon.tsx"
import { May } from "../../parts/May.tsx"
import { FailureNotice } from "../../parts/Notice.tsx"
import { Empty, Page, Section, Skeleton } from "../../parts/Page.tsx"
import { count, plural } from "../../parts/times.ts"
import { When } from "../../parts/When.tsx"
import { waiting } from "../../parts/waiting.ts"
import { DeleteSource } from "./DeleteSource.tsx"
import { SourceDialog } from "./SourceDialog.tsx"
import "../../integrations/cards.css"
import "./Sources.css"

const route = getRouteApi("/sources")

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
  const { data: types } = useQuery(sourceTypesQuery)
  const { edit, new: isNew } = route.useSearch()
  const navigate = useNavigate({ from: "/sources" })
  const [removed, setRemoved] = useState<string>()
  const close = () => void navigate({ search: {} })
  const add = (
    <May scope="write">
      <Button look="primary" icon="plus" onPress={() => void navigate({ search: { new: "yes" } })}>
        Add new source
      </Button>
    </May>
  )
  return (
    <Page name="Sources" beside={sources && sources.total > 0 ? sources.total : undefined} actions={sources && add}>
      {failureReason && <FailureNotice error={failureReason} />}
      {sources === undefined ? (
        !isError && <Skeleton {...waiting["/sources"]} />
      ) : sources.items.length === 0 ? (
        <Empty title="No source yet">
          <p>
            Post an alert to <code>{location.origin}/v1/alerts</code>, or point a monitoring system at its address here.
          </p>
        </Empty>
      ) : (
        <ul className="panel sources">
          {sources.items.map((source) => (
            <SourceLine
              key={source.name}
              source={source}
              typeTitle={typeTitle(source, types?.items)}
              onEdit={() => void navigate({ search: { edit: source.name } })}
              onDelete={() => setRemoved(source.name)}
            />
          ))}
        </ul>
      )}
      {/* What comes below a list that is still loading would be moved by it. */}
      {(sources !== undefined || isError) && (
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
      )}
      {isNew !== undefined && <SourceDialog onClose={close} />}
      {edit !== undefined && <SourceDialog key={edit} name={edit} onClose={close} />}
      {removed !== undefined && <DeleteSource name={removed} onClose={() => setRemoved(undefined)} />}
    </Page>
  )
}

/** The title of a source's type. Sources that were not configured post alerts in Tocsin's own format. */
const typeTitle = ({ isConfigured, type }: SourceRow, types: ReadonlyArray<SourceTypeRow> = []): string =>
  !isConfigured && type === "json" ? "Tocsin's API" : (types.find((one) => one.type === type)?.title ?? type)

const SourceLine = ({
  onDelete,
  onEdit,
  typeTitle,
  source: { address, events24h, isConfigured, lastEventAt, name, state, unreadable24h }
}: {
  readonly source: SourceRow
  readonly onEdit: () => void
  readonly onDelete: () => void
  readonly typeTitle: string
}) => {
  const { icon, tone, word } = states[state]
  return (
    <li className="source">
      <div className="source-name">
        <h2 className="foreign">{name}</h2>
        <span className="quiet">{typeTitle}</span>
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
      {isConfigured && (
        <May scope="write">
          <div className="source-actions">
            <Button look="quiet" icon="edit" onPress={onEdit} aria-label={`Edit ${name}`}>
              Edit
            </Button>
            <Button look="quiet" icon="bin" onPress={onDelete} aria-label={`Delete ${name}`}>
              Delete
            </Button>
          </div>
        </May>
      )}
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
        <May scope="write">
          <Button
            icon="retry"
            isPending={replay.isPending}
            isDisabled={!body.isWhole}
            onPress={() => replay.mutate()}
            aria-label={`Replay the body that ${body.source} sent`}
          >
            Replay
          </Button>
        </May>
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
