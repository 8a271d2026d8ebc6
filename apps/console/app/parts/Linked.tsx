const address = /(https?:\/\/[^\s<>"]+[^\s<>".,;:)\]}])/

/** A text whose addresses are links. */
export const Linked = ({ text }: { readonly text: string }) => (
  <>
    {text.split(address).map((part, index) =>
      index % 2 === 1 ? (
        <OutLink key={index} href={part}>
          {part}
        </OutLink>
      ) : (
        part
      )
    )}
  </>
)

/** Whether a link from outside may be followed. */
export const isSafe = (href: string): boolean => URL.canParse(href) && /^https?:$/.test(new URL(href).protocol)

/** A link that leads out of the console, opened without any hold on this page; one that is not http stays text. */
export const OutLink = ({ children, href }: { readonly href: string; readonly children: React.ReactNode }) =>
  isSafe(href) ? (
    <a href={href} target="_blank" rel="noopener noreferrer">
      {children}
    </a>
  ) : (
    <span>{children}</span>
  )
