import { type RefObject, useEffect } from "react"
import { Failure, type Wrong } from "../data/failure.ts"

/** The gateway's errors, and those that no field of the form shows. */
export interface FormErrors {
  readonly count: number
  readonly at: (at: string, isLeaf: boolean) => string | undefined
  readonly elsewhere: (isShown: (path: string) => boolean) => ReadonlyArray<Wrong>
}

export const formErrors = (error: unknown): FormErrors => {
  const errors = error instanceof Failure ? error.errors : []
  return {
    count: errors.length,
    at: (at, isLeaf) => errors.find(({ path }) => path === at || (isLeaf && path.startsWith(`${at}/`)))?.message,
    elsewhere: (isShown) => errors.filter(({ path }) => !isShown(path))
  }
}

/** Focuses the first invalid field after each new error; if no field is, shows the form's alert. */
export const useFocusOnError = (form: RefObject<HTMLElement | null>, error: unknown): void => {
  useEffect(() => {
    if (error === null || error === undefined) return
    const wrong = form.current?.querySelector<HTMLElement>(
      "[aria-invalid=true], [data-invalid] button, [data-invalid] input, [data-invalid] textarea"
    )
    // The error of several rows stands below them.
    const rows = form.current?.querySelector(".rows-field:has(> .field-error)")
    const field = wrong ?? rows?.querySelector<HTMLElement>("input, button")
    if (field) field.focus()
    else form.current?.querySelector("[role=alert]")?.scrollIntoView({ block: "start" })
  }, [form, error])
}
