import { Button } from "../parts/Button.tsx"
import { Notice } from "../parts/Notice.tsx"
import { ErrorSummary } from "./ErrorSummary.tsx"
import type { Edit } from "./useEdit.ts"
import "./forms.css"

interface Props<Draft> {
  readonly edit: Edit<Draft>
  /** Whether the form shows the field of an error's pointer. */
  readonly isShown: (path: string) => boolean
  /** What is shown of a version, without secrets. */
  readonly versionOf: (draft: Draft) => { readonly [field: string]: unknown }
}

/** A form's one role alert: why it was not saved. If somebody else has saved, the differences and a choice. */
export const SaveProblem = <Draft,>({ edit, isShown, versionOf }: Props<Draft>) => {
  const { draft, errors, keepMine, problem, takeTheirs, theirs } = edit
  if (problem === null) return null
  if (theirs === undefined) return <ErrorSummary error={problem} elsewhere={errors.elsewhere(isShown)} />
  const yours = versionOf(draft)
  const other = versionOf(theirs)
  const different = [...new Set([...Object.keys(yours), ...Object.keys(other)])].filter(
    (name) => text(yours[name]) !== text(other[name])
  )
  return (
    <Notice tone="warn" role="alert">
      <strong>Someone else edited this while you did.</strong>
      {different.length === 0 ? (
        <span>What can be shown is the same in both.</span>
      ) : (
        <table className="versions">
          <thead>
            <tr>
              <th scope="col">Field</th>
              <th scope="col">Yours</th>
              <th scope="col">Theirs</th>
            </tr>
          </thead>
          <tbody>
            {different.map((name) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                <td className="foreign">{text(yours[name])}</td>
                <td className="foreign">{text(other[name])}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <div className="empty-actions">
        <Button onPress={keepMine}>Save mine</Button>
        <Button onPress={takeTheirs}>Take theirs</Button>
      </div>
    </Notice>
  )
}

const text = (value: unknown): string =>
  value === undefined || value === "" ? "not set" : typeof value === "string" ? value : JSON.stringify(value)
