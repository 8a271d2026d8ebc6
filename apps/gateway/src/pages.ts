/** The `next` of a page, if there is more. */
export const next = ({ next }: { readonly next: number | undefined }): { readonly next?: string } =>
  next === undefined ? {} : { next: String(next) }
