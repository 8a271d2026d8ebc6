import { Link } from "@tanstack/react-router"
import { useQuery } from "@tanstack/react-query"
import { useState } from "react"
import { matchesQuery } from "../../data/queries.ts"
import { type Json, withValue } from "../../forms/schema.ts"
import { Button } from "../../parts/Button.tsx"
import { Checkbox, TextInput } from "../../parts/controls.tsx"
import { Select } from "../../parts/Select.tsx"
import { Severity, severities, severityWord } from "../../parts/Severity.tsx"
import { count, plural } from "../../parts/times.ts"
import { useSettled } from "../../parts/useSettled.ts"
import { When } from "../../parts/When.tsx"
import { labelsOf, patternsText, type RuleDraft, toPatterns } from "./ruleDraft.ts"

interface Props {
  readonly draft: RuleDraft
  readonly onChange: (changed: Partial<RuleDraft>) => void
  readonly errorAt: (at: string, isLeaf: boolean) => string | undefined
}

const patterns = [
  { name: "source", label: "Source", hint: "Such as thousandeyes or backup-*. Several with commas between." },
  { name: "rule", label: "Rule at the source", hint: "Its name or its id." },
  { name: "test", label: "Test", hint: "Its name or its id." }
] as const

/** The rule's conditions, with the alerts of the last day that match. */
export const MatchTab = ({ draft, errorAt, onChange }: Props) => {
  const { enabled, match, name } = draft
  const set = (key: string, value: Json | undefined) => onChange({ match: withValue(match, key, value) })
  return (
    <div className="match">
      <div className="match-fields">
        <TextInput label="Name" value={name} onChange={(name) => onChange({ name })} error={errorAt("/name", true)} />
        {patterns.map(({ hint, label, name: key }) => (
          <Patterns
            key={key}
            label={label}
            hint={hint}
            value={match[key]}
            onChange={(value) => set(key, value)}
            error={errorAt(`/match/${key}`, true)}
          />
        ))}
        <Select
          label="Severity"
          value={typeof match["severity"] === "string" ? match["severity"] : ""}
          error={errorAt("/match/severity", true)}
          options={[
            { value: "", label: "Any" },
            ...severities.map((one) => ({
              value: one as string,
              label: one === "critical" ? "Critical only" : `${severityWord(one)} and above`
            }))
          ]}
          onChange={(severity) => set("severity", severity === "" ? undefined : severity)}
        />
        <Labels
          value={labelsOf(match)}
          error={errorAt("/match/labels", true)}
          onChange={(labels) => set("labels", Object.keys(labels).length === 0 ? undefined : labels)}
        />
        <Checkbox
          isSelected={enabled}
          onChange={(enabled) => onChange({ enabled })}
          hint="A disabled rule matches nothing."
        >
          Enabled
        </Checkbox>
      </div>
      <Matched match={match} />
    </div>
  )
}

/** One pattern, or several with commas; the typed text stays as it is. */
const Patterns = ({
  onChange,
  value,
  ...shared
}: {
  readonly label: string
  readonly hint?: string
  readonly error: string | undefined
  readonly value: Json | undefined
  readonly onChange: (value: Json | undefined) => void
}) => {
  const [typed, setTyped] = useState(() => patternsText(value))
  const isSame = JSON.stringify(toPatterns(typed)) === JSON.stringify(value)
  return (
    <TextInput
      {...shared}
      value={isSame ? typed : patternsText(value)}
      onChange={(text) => {
        setTyped(text)
        onChange(toPatterns(text))
      }}
    />
  )
}

const Labels = ({
  error,
  onChange,
  value
}: {
  readonly value: { readonly [name: string]: Json }
  readonly error: string | undefined
  readonly onChange: (labels: { readonly [name: string]: Json }) => void
}) => {
  const [rows, setRows] = useState<ReadonlyArray<readonly [string, string]>>(() =>
    Object.entries(value).map(([name, one]) => [name, patternsText(one)] as const)
  )
  const set = (next: ReadonlyArray<readonly [string, string]>) => {
    setRows(next)
    onChange(Object.fromEntries(next.flatMap(([name, text]) => (name === "" ? [] : [[name, toPatterns(text) ?? ""]]))))
  }
  const change = (row: number, pair: readonly [string, string]) => set(rows.map((one, at) => (at === row ? pair : one)))
  return (
    <fieldset className="rows-field">
      <legend className="legend">Labels</legend>
      {rows.map(([name, text], row) => (
        // A row has no identity but its place.
        <div className="rows-row" key={row}>
          <TextInput label={`Label ${row + 1}`} value={name} onChange={(changed) => change(row, [changed, text])} />
          <TextInput
            label={`Pattern ${row + 1}`}
            value={text}
            error={row === rows.length - 1 ? error : undefined}
            onChange={(changed) => change(row, [name, changed])}
          />
          <Button look="quiet" icon="cross" isIconOnly onPress={() => set(rows.filter((_, at) => at !== row))}>
            {`Remove label ${row + 1}`}
          </Button>
        </div>
      ))}
      <Button icon="plus" onPress={() => set([...rows, ["", ""]])}>
        Add label
      </Button>
    </fieldset>
  )
}

/** The alerts of the last day that match, while the match is edited. */
const Matched = ({ match }: { readonly match: RuleDraft["match"] }) => {
  const settled = useSettled(match)
  const { data, isError } = useQuery(matchesQuery(settled))
  return (
    <section className="matched" aria-label="Alerts of the last 24 hours" aria-live="polite">
      <h3>Alerts of the last 24 hours</h3>
      {isError ? (
        <p className="quiet">The gateway cannot read this match. Save says what is wrong.</p>
      ) : data === undefined ? null : (
        <>
          <p className="numbers">
            Matches <strong>{count(data.total)}</strong> of {plural(data.of, "alert")}
            {data.more && ", the newest ones"}.
          </p>
          <ul>
            {data.items.slice(0, 12).map(({ id, rule, severity, startedAt, state, test }) => (
              <li key={id}>
                <Severity name={severity} isCleared={state === "cleared"} />
                <Link to="/alerts/$id" params={{ id }} className="cut">
                  <bdi>
                    {rule.name}
                    {test && `: ${test.name}`}
                  </bdi>
                </Link>
                <span className="quiet">
                  <When at={{ epochMilliseconds: Date.parse(startedAt) }} />
                </span>
              </li>
            ))}
          </ul>
          {data.total > 12 && <p className="quiet">and {count(data.total - 12)} more</p>}
        </>
      )}
    </section>
  )
}
