import "./Severity.css"

export type SeverityName = "info" | "minor" | "major" | "critical"

export const severities: ReadonlyArray<SeverityName> = ["critical", "major", "minor", "info"]

const words: { readonly [Name in SeverityName]: string } = {
  critical: "Critical",
  major: "Major",
  minor: "Minor",
  info: "Info"
}

export const severityWord = (name: SeverityName): string => words[name]

/** A shape for each severity, so that colour is not the only difference. */
const shapes: { readonly [Name in SeverityName]: string } = {
  critical: "M4.2 1h3.6L11 4.2v3.6L7.8 11H4.2L1 7.8V4.2Z",
  major: "M6 1.2 11.4 10.8H.6Z",
  minor: "M6 .8 11.2 6 6 11.2.8 6Z",
  info: "M6 1.2a4.8 4.8 0 1 0 0 9.6 4.8 4.8 0 0 0 0-9.6Z"
}

/** The severity of an alert as a shape, a word and a colour; an outline if it has cleared. */
export const Severity = ({
  isCleared = false,
  name
}: {
  readonly name: SeverityName
  readonly isCleared?: boolean
}) => (
  <span className={`severity ${name}${isCleared ? " cleared" : ""}`}>
    <svg viewBox="0 0 12 12" aria-hidden="true">
      <path d={shapes[name]} />
    </svg>
    {words[name]}
  </span>
)
