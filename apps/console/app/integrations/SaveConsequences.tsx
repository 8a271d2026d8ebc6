import { keepPreviousData, useQuery } from "@tanstack/react-query"
import { useRef } from "react"
import { send } from "../data/send.ts"
import type { JsonObject } from "../forms/schema.ts"
import { announce } from "../parts/announce.ts"
import { Icon } from "../parts/Icon.tsx"
import { plural } from "../parts/times.ts"
import { useSettled } from "../parts/useSettled.ts"
import { messagesText } from "./messagesText.ts"

/** What saving does, as far as it is known. */
export interface SaveEffect {
  readonly messages: ReadonlyArray<{ readonly integration: string; readonly raise: number; readonly clear: number }>
  readonly retried: number
}

export interface ConsequencesState {
  readonly effect: SaveEffect | undefined
  readonly isKnown: boolean
  /** Whether to save now. Messages that the reader has not seen announced hold the first try back. */
  readonly mayGo: () => boolean
}

/** Keeps what saving would do up to date while something is edited. */
export const useSaveEffect = (
  key: string,
  read: ((signal: AbortSignal) => Promise<SaveEffect>) | undefined
): ConsequencesState => {
  const settled = useSettled(key)
  const { data, isError, isFetching } = useQuery({
    queryKey: ["consequences", settled],
    queryFn: ({ signal }) => read?.(signal),
    enabled: read !== undefined && settled === key,
    placeholderData: keepPreviousData,
    staleTime: 5_000,
    gcTime: 0,
    retry: false
  })
  const isKnown = read === undefined || isError || (settled === key && !isFetching)
  const held = useRef<string>(undefined)
  return {
    effect: read === undefined || isError ? undefined : data,
    isKnown,
    mayGo: () => {
      if (isKnown || held.current === key) return true
      held.current = key
      announce("Reading what saving does. Press Save again.")
      return false
    }
  }
}

/** What saving an integration that is stored does. */
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

/** What saving will do, before it is saved. */
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
