import { Button } from "../parts/Button.tsx"
import { Notice } from "../parts/Notice.tsx"
import type { Draft } from "./draft.ts"

interface Choices {
  readonly onKeepMine: () => void
  readonly onTakeTheirs: () => void
}

const text = (value: unknown): string =>
  value === undefined || value === "" ? "not set" : typeof value === "string" ? value : JSON.stringify(value)

/** Shows the differences after somebody else has saved, and asks which version to keep. */
export const Versions = ({
  mine,
  onKeepMine,
  onTakeTheirs,
  theirs
}: Choices & {
  readonly mine: { readonly [field: string]: unknown }
  readonly theirs: { readonly [field: string]: unknown }
}) => {
  const different = [...new Set([...Object.keys(mine), ...Object.keys(theirs)])].filter(
    (name) => text(mine[name]) !== text(theirs[name])
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
                <td className="foreign">{text(mine[name])}</td>
                <td className="foreign">{text(theirs[name])}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <div className="empty-actions">
        <Button onPress={onKeepMine}>Save mine</Button>
        <Button onPress={onTakeTheirs}>Take theirs</Button>
      </div>
    </Notice>
  )
}

/** The versions of an integration, without its secrets. */
export const BothVersions = ({
  mine,
  theirs,
  titles,
  ...choices
}: Choices & { readonly mine: Draft; readonly theirs: Draft; readonly titles: ReadonlyMap<string, string> }) => {
  const rows = ({ enabled, fallback, more, name, settings, type }: Draft) => ({
    Type: type,
    Name: name,
    ...Object.fromEntries(
      Object.entries(settings)
        // Settings that may be secret have no title here.
        .flatMap(([key, value]) => (titles.has(key) ? [[titles.get(key), value]] : []))
    ),
    Enabled: enabled ? "yes" : "no",
    Fallback: fallback,
    ...more
  })
  return <Versions mine={rows(mine)} theirs={rows(theirs)} {...choices} />
}
