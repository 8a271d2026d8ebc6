import type { TestSend } from "@tocsin/client"
import { useMutation } from "@tanstack/react-query"
import { useEffect, useRef, useState } from "react"
import type { IntegrationRow } from "../data/queries.ts"
import { send } from "../data/send.ts"
import { Icon, type IconName } from "../parts/Icon.tsx"
import { OutLink } from "../parts/Linked.tsx"
import { duration } from "../parts/times.ts"
import { When } from "../parts/When.tsx"
import { type Draft, payloadOf } from "./draft.ts"
import { adviceFor } from "./state.ts"

type Status = (typeof TestSend.Type)["items"][number]["status"]

/** The JSON of `TestSend`. */
interface Answer {
  readonly items: ReadonlyArray<Outcome>
  readonly tested?: string
}

interface Outcome {
  readonly of: string
  readonly status: Status
  readonly form: string
  readonly reason?: string
  readonly detail?: string
  readonly until?: string
  readonly link?: string
}

export interface TestState {
  readonly isPending: boolean
  readonly result: (Answer & { readonly took: number; readonly at: number }) | undefined
  readonly send: () => void
}

/** Sends a raised and a cleared message with the entered values, through the real path. */
export const useTestSend = (
  draft: Draft,
  stored: IntegrationRow | undefined,
  onError: (error: unknown) => void
): TestState => {
  const [result, setResult] = useState<TestState["result"]>()
  const { isPending, mutate } = useMutation({
    mutationFn: async () => {
      const from = performance.now()
      const isSame = JSON.stringify(draft.settings) === JSON.stringify(stored?.settings)
      const { body } = await (stored === undefined || stored.type !== draft.type
        ? send<Answer>("POST", "/v1/integrations/test", payloadOf(draft))
        : send<Answer>(
            "POST",
            `/v1/integrations/${encodeURIComponent(stored.id)}/test`,
            // Unchanged settings are tested as the stored integration, which also ends a broken state.
            isSame ? {} : { settings: draft.settings }
          ))
      return { ...body, took: performance.now() - from, at: Date.now() }
    },
    onMutate: () => setResult(undefined),
    onSuccess: (sent) => {
      onError(null)
      setResult(sent)
    },
    onError
  })
  return { isPending, result, send: () => mutate() }
}

const shown: {
  readonly [S in Status]: { readonly word: string; readonly tone: string; readonly icon: IconName }
} = {
  delivered: { word: "Delivered", tone: "good", icon: "check" },
  failed: { word: "Failed", tone: "bad", icon: "cross" },
  trying: { word: "Still trying", tone: "warn", icon: "retry" },
  skipped: { word: "Not sent", tone: "quiet", icon: "dash" }
}

/** The result of a test: the raised and the cleared message, with the service's answer. */
export const TestResult = ({ test: { isPending, result } }: { readonly test: TestState }) => {
  const place = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (isPending || result !== undefined) place.current?.scrollIntoView({ block: "nearest" })
  }, [isPending, result])
  return (
    <div ref={place} className="test-result" aria-live="polite">
      {isPending && <span className="quiet">Sending a raised and a cleared message…</span>}
      {result && (
        <>
          <ul>
            {result.items.map(({ detail, form, link, of, reason, status, until }) => (
              <li key={of} className={shown[status].tone}>
                <Icon name={shown[status].icon} />
                <div>
                  <strong>
                    {of}: {shown[status].word}
                  </strong>
                  {form === "plain" && status === "delivered" && " in plain form: the service refused the rich one"}
                  {reason !== undefined && (
                    <div className="foreign">
                      {reason}
                      {detail !== undefined && `: ${detail}`}
                    </div>
                  )}
                  {reason !== undefined && <div className="quiet">{adviceFor(reason)}</div>}
                  {until && (
                    <div>
                      Next attempt <When at={{ epochMilliseconds: Date.parse(until) }} relative />
                    </div>
                  )}
                  {link && <OutLink href={link}>Open the message</OutLink>}
                </div>
              </li>
            ))}
          </ul>
          <p className="quiet">
            Took {duration(result.took)}, <When at={{ epochMilliseconds: result.at }} />
          </p>
        </>
      )}
    </div>
  )
}
