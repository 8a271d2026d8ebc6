import { type ReactNode, useEffect } from "react"
import "./Page.css"

interface Props {
  /** The page's name: its heading and its title. */
  readonly name: string
  /** The content beside the name, such as a count. */
  readonly beside?: ReactNode
  readonly actions?: ReactNode
  readonly above?: ReactNode
  readonly children: ReactNode
  /** Whether it fills the window and scrolls inside it. */
  readonly isFilled?: boolean
}

export const Page = ({ above, actions, beside, children, isFilled = false, name }: Props) => {
  useTitle(name)
  return (
    <div className={isFilled ? "page filled" : "page"}>
      {above}
      <header className="page-head">
        <h1 className="foreign">{name}</h1>
        {beside !== undefined && <div className="beside numbers">{beside}</div>}
        {actions !== undefined && <div className="page-actions">{actions}</div>}
      </header>
      {children}
    </div>
  )
}

export const useTitle = (name: string): void => {
  useEffect(() => {
    document.title = `${name} - Tocsin`
  }, [name])
}

/** A part of a page, with its heading. */
export const Section = ({
  actions,
  beside,
  children,
  title
}: {
  readonly title: string
  readonly beside?: ReactNode
  readonly actions?: ReactNode
  readonly children: ReactNode
}) => (
  <section className="section" aria-label={title}>
    <header className="section-head">
      <h2>{title}</h2>
      {beside !== undefined && <span className="beside">{beside}</span>}
      {actions !== undefined && <div className="page-actions">{actions}</div>}
    </header>
    {children}
  </section>
)

/** An empty state: the reason, and a next step. */
export const Empty = ({
  actions,
  children,
  title
}: {
  readonly title: string
  readonly children?: ReactNode
  readonly actions?: ReactNode
}) => (
  <div className="empty">
    <h2>{title}</h2>
    {children !== undefined && <div className="empty-words">{children}</div>}
    {actions !== undefined && <div className="empty-actions">{actions}</div>}
  </div>
)

/** A skeleton of the content that is loading, so that nothing moves when it arrives. */
export const Skeleton = ({ height = "2.5rem", rows = 5 }: { readonly rows?: number; readonly height?: string }) => (
  <div className="skeletons" aria-busy="true">
    <span className="hidden">Loading</span>
    {Array.from({ length: rows }, (_, row) => (
      <span key={row} className="skeleton" style={{ height }} />
    ))}
  </div>
)
