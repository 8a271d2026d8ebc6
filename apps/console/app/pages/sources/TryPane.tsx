import { useMutation } from "@tanstack/react-query"
import { useState } from "react"
import type { ConfiguredSourceRow } from "../../data/queries.ts"
import { send } from "../../data/send.ts"
import type { JsonObject } from "../../forms/schema.ts"
import { Button } from "../../parts/Button.tsx"
import { TextInput } from "../../parts/controls.tsx"
import { Notice } from "../../parts/Notice.tsx"
import { Severity, type SeverityName } from "../../parts/Severity.tsx"
import { plural } from "../../parts/times.ts"
import { When } from "../../parts/When.tsx"
import { type Draft, settingsField } from "./sourceDraft.ts"

/** The JSON of `Tried`. */
interface Answer {
  readonly alerts: ReadonlyArray<TriedAlert>
  readonly isTest: boolean
  readonly notes: ReadonlyArray<{ readonly sourceId: string; readonly note: string }>
  readonly unreadable: number
  readonly why?: string
}

interface TriedAlert {
  readonly sourceId: string
  readonly state: "raised" | "cleared"
  readonly severity: SeverityName
  readonly rule: { readonly name: string }
  readonly test?: { readonly name: string }
  readonly summary?: string
  readonly startedAt: string
  readonly clearedAt?: string
  readonly labels: { readonly [name: string]: string }
}

export interface TryState {
  readonly sample: string
  readonly setSample: (sample: string) => void
  readonly isPending: boolean
  readonly result: Answer | undefined
  readonly ask: () => void
}

/** Reads a sample with the entered settings. */
export const useTry = (
  draft: Draft,
  base: Draft,
  stored: ConfiguredSourceRow | undefined,
  hasSettings: boolean,
  onError: (error: unknown) => void
): TryState => {
  const [sample, setSample] = useState("")
  const { data, isPending, mutate, reset } = useMutation({
    mutationFn: async () => {
      const { settings, type } = draft
      // Unchanged settings are tried as stored, with their secrets.
      const isSame =
        stored !== undefined && type === base.type && JSON.stringify(settings) === JSON.stringify(base.settings)
      const entered: JsonObject = isSame ? {} : { type, ...(hasSettings && { [settingsField(type)]: settings }) }
      const { body } = await send<Answer>(
        "POST",
        `/v1/sources/${encodeURIComponent(draft.name === "" ? "sample" : draft.name)}/try`,
        { sample, defaults: draft.more["defaults"] ?? {}, ...entered }
      )
      return body
    },
    onSuccess: () => onError(null),
    onError: (error) => {
      reset()
      onError(error)
    }
  })
  return { sample, setSample, isPending, result: data, ask: () => mutate() }
}

/** A sample of what the sender posts, and the alerts that it would make. */
export const TryPane = ({
  error,
  tried: { ask, isPending, result, sample, setSample }
}: {
  readonly tried: TryState
  readonly error: string | undefined
}) => (
  <section className="preview-pane" aria-label="Try a sample">
    <div className="source-try">
      <TextInput
        label="Sample"
        hint="A body as the sender posts it. Nothing is stored."
        error={error}
        isMono
        lines={8}
        value={sample}
        onChange={setSample}
      />
      <div>
        <Button isPending={isPending} onPress={ask}>
          Try
        </Button>
      </div>
      <div className="source-tried" role="status" aria-label="What it would make">
        {result && <Result result={result} />}
      </div>
    </div>
  </section>
)

const Result = ({ result: { alerts, isTest, notes, unreadable, why } }: { readonly result: Answer }) => (
  <>
    {unreadable > 0 && (
      <Notice tone="bad">
        <strong>{plural(unreadable, "alert")} cannot be read.</strong> <span className="foreign">{why}</span>
      </Notice>
    )}
    {isTest && <p>It is a test of the sender's set-up, about no alert.</p>}
    {!isTest && unreadable === 0 && alerts.length === 0 && <p>It would make no alert: it is ignored.</p>}
    {alerts.length > 0 && (
      <ul className="source-alerts">
        {alerts.map((alert, row) => (
          // A sample may have an alert twice.
          <li key={row} className="panel source-alert">
            <TriedAlertFacts alert={alert} />
          </li>
        ))}
      </ul>
    )}
    {notes.map(({ note, sourceId }) => (
      <p key={sourceId + note} className="foreign">
        Remark to {sourceId}: {note}
      </p>
    ))}
  </>
)

const TriedAlertFacts = ({
  alert: { clearedAt, labels, rule, severity, sourceId, startedAt, state, summary, test }
}: {
  readonly alert: TriedAlert
}) => (
  <>
    <div className="source-alert-head">
      <Severity name={severity} isCleared={state === "cleared"} />
      <strong className="foreign">{rule.name}</strong>
      <span className="quiet">{state === "cleared" ? "cleared" : "raised"}</span>
    </div>
    {summary !== undefined && <p className="foreign">{summary}</p>}
    <dl className="facts">
      <dt>Id</dt>
      <dd className="foreign">{sourceId}</dd>
      {test && (
        <>
          <dt>About</dt>
          <dd className="foreign">{test.name}</dd>
        </>
      )}
      <dt>Start</dt>
      <dd>
        <When at={{ epochMilliseconds: Date.parse(startedAt) }} />
      </dd>
      {clearedAt !== undefined && (
        <>
          <dt>End</dt>
          <dd>
            <When at={{ epochMilliseconds: Date.parse(clearedAt) }} />
          </dd>
        </>
      )}
      {Object.entries(labels).map(([name, text]) => (
        <FactOfLabel key={name} name={name} text={text} />
      ))}
    </dl>
  </>
)

const FactOfLabel = ({ name, text }: { readonly name: string; readonly text: string }) => (
  <>
    <dt className="foreign">{name}</dt>
    <dd className="foreign">{text}</dd>
  </>
)
