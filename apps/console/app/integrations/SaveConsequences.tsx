import { keepPreviousData, useQuery, useQueryClient } from "@tanstack/react-query"
import { useState } from "react"
import { send } from "../data/send.ts"
import type { JsonObject } from "../forms/schema.ts"
import { Icon } from "../parts/Icon.tsx"
import { plural } from "../parts/times.ts"
import { useSettled } from "../parts/useSettled.ts"
import { messagesText } from "./messagesText.ts"

/** The known consequences of saving. */
export interface SaveEffect {
  readonly messages: ReadonlyArray<{ readonly integration: string; readonly raise: number; readonly clear: number }>
  readonly retried: number
}

export interface ConsequencesState {
  readonly effect: SaveEffect | undefined
  readonly isKnown: boolean
  /** Waits until the page shows the consequences; a person may press Save sooner. */
  readonly said: () => Promise<void>
}

/** Keeps the consequences up to date during an edit. */
export const useSaveEffect = (
  key: string,
  read: ((signal: AbortSignal) => Promise<SaveEffect>) | undefined
): ConsequencesState => {
  const client = useQueryClient()
  const settled = useSettled(key)
  const [asked, setAsked] = useState<string>()
  const isDue = settled === key || asked === key
  const options = {
    queryKey: ["consequences", isDue ? key : settled],
    queryFn: ({ signal }: { readonly signal: AbortSignal }) => read?.(signal) ?? nothing,
    staleTime: 5_000,
    gcTime: 0,
    retry: false
  }
  const { data, isError, isFetching } = useQuery({
    ...options,
    enabled: read !== undefined && isDue,
    placeholderData: keepPreviousData
  })
  const isKnown = read === undefined || isError || (isDue && !isFetching)
  return {
    effect: read === undefined || isError ? undefined : data,
    isKnown,
    said: async () => {
      if (isKnown) return
      setAsked(key)
      // If they cannot be computed, the save itself fails with the reason.
      await client.fetchQuery({ ...options, queryKey: ["consequences", key] }).catch(() => nothing)
    }
  }
}

const nothing: SaveEffect = { messages: [], retried: 0 }

/** The consequences of saving a stored integration. */
export const useConsequences = (payload: JsonObject | undefined, isDirty: boolean): ConsequencesState =>
  useSaveEffect(
    JSON.stringify(payload ?? null),
    payload === undefined || !isDirty
      ? undefined
      : async (signal) => {
          const { body } = await send<{ readonly integrations: SaveEffect["messages"]; readonly retried: number }>(
            "POST",
            "/v1/integrations/consequences",
            payload,
            { signal }
          )
          return { messages: body.integrations, retried: body.retried }
        }
  )

interface Props {
  readonly consequences: ConsequencesState
  readonly names: ReadonlyMap<string, { readonly name: string }>
  readonly isNew: boolean
}

/** Shows the consequences before a save. */
export const SaveConsequences = ({ consequences: { effect, isKnown }, isNew, names }: Props) => {
  if (isNew) return <p className="consequence quiet">Nothing is sent by adding it: no rule uses it yet.</p>
  if (effect === undefined) return null
  const { messages, retried } = effect
  const text = messagesText(messages, names)
  return (
    <p className={isKnown ? "consequence" : "consequence quiet"} aria-live="polite">
      {text === "" && retried === 0 ? (
        <span className="quiet">Saving sends nothing.</span>
      ) : (
        <>
          <Icon name="deliveries" />
          <span>
            {text !== "" && (
              <>
                Saving sends <strong>{text}</strong>.{" "}
              </>
            )}
            {retried > 0 && <>{plural(retried, "pending delivery is", "pending deliveries are")} tried at once.</>}
          </span>
        </>
      )}
    </p>
  )
}
