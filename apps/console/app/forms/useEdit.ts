import { useMutation } from "@tanstack/react-query"
import { type RefObject, useRef, useState } from "react"
import { Failure } from "../data/failure.ts"
import { announce } from "../parts/announce.ts"
import { type FormErrors, formErrors, useFocusOnError } from "./errors.ts"

interface Options<Draft, Stored, Saved> {
  /** The stored version that is edited; undefined for something new. */
  readonly stored: Stored | undefined
  readonly start: Draft
  readonly draftOf: (stored: Stored) => Draft
  /** Saves the draft. It is refused if the stored version no longer has the ETag. */
  readonly save: (draft: Draft, etag: string | undefined) => Promise<Saved>
  /** Reads the stored version as it is now. */
  readonly reread: (stored: Stored) => Promise<Stored>
  readonly onSaved: (saved: Saved) => void
}

/** Typed values, and the stored version that they replace. */
export interface Edit<Draft> {
  readonly form: RefObject<HTMLFormElement | null>
  readonly draft: Draft
  /** The values before anything was typed. */
  readonly base: Draft
  readonly etag: string | undefined
  readonly isDirty: boolean
  readonly isSaving: boolean
  readonly errors: FormErrors
  /** Why the last request failed; null if it did not. */
  readonly problem: unknown
  /** The version that somebody else has saved meanwhile. */
  readonly theirs: Draft | undefined
  readonly change: (changed: Partial<Draft>) => void
  readonly setProblem: (problem: unknown) => void
  readonly save: () => void
  readonly keepMine: () => void
  readonly takeTheirs: () => void
  /** Continues with a version that was just saved. */
  readonly restart: (draft: Draft, etag: string | undefined) => void
}

/** Edits something that others may save at the same time. */
export const useEdit = <Draft extends object, Stored extends { readonly etag: string }, Saved>({
  draftOf,
  onSaved,
  reread,
  save,
  start,
  stored
}: Options<Draft, Stored, Saved>): Edit<Draft> => {
  const form = useRef<HTMLFormElement>(null)
  const [draft, setDraft] = useState(start)
  const [base, setBase] = useState(start)
  const [etag, setEtag] = useState(stored?.etag)
  const [problem, setProblem] = useState<unknown>(null)
  const [theirs, setTheirs] = useState<Stored>()
  const saving = useMutation({
    mutationFn: (guard: string | undefined) => save(draft, guard),
    onSuccess: (saved) => {
      announce("Saved")
      onSaved(saved)
    },
    onError: async (error) => {
      setProblem(error)
      if (!(error instanceof Failure) || error.kind !== "PreconditionFailed" || stored === undefined) return
      setTheirs(await reread(stored))
    }
  })
  useFocusOnError(form, theirs ?? problem)

  const continueFrom = (version: string | undefined) => {
    setEtag(version)
    setTheirs(undefined)
    setProblem(null)
  }
  const restart = (saved: Draft, version: string | undefined) => {
    setDraft(saved)
    setBase(saved)
    continueFrom(version)
  }
  return {
    form,
    draft,
    base,
    etag,
    isDirty: JSON.stringify(draft) !== JSON.stringify(base),
    isSaving: saving.isPending,
    errors: formErrors(problem),
    problem,
    theirs: theirs && draftOf(theirs),
    change: (changed) => setDraft((before) => ({ ...before, ...changed })),
    setProblem,
    save: () => saving.mutate(etag),
    keepMine: () => {
      continueFrom(theirs?.etag)
      saving.mutate(theirs?.etag)
    },
    takeTheirs: () => theirs && restart(draftOf(theirs), theirs.etag),
    restart
  }
}
