import { Failure, toFailure, type Wrong } from "../data/failure.ts"
import { Notice } from "../parts/Notice.tsx"
import { plural } from "../parts/times.ts"

/** A form's one role alert: the number of errors, and the errors that no field shows. */
export const ErrorSummary = ({
  elsewhere,
  error
}: {
  readonly error: unknown
  readonly elsewhere: ReadonlyArray<Wrong>
}) => {
  const { detail, errors, message } = error instanceof Failure ? error : toFailure(error)
  return (
    <Notice tone="bad" role="alert">
      {errors.length > 0 ? (
        <>
          <strong>{plural(errors.length, "thing needs", "things need")} your attention.</strong>
          {elsewhere.map((wrong) => (
            <span key={wrong.path + wrong.message}>
              {wrong.path !== "" && <code>{wrong.path}</code>} {wrong.message}
            </span>
          ))}
        </>
      ) : (
        <>
          <strong>{message}.</strong> {detail}
        </>
      )}
    </Notice>
  )
}
