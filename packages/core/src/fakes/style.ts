/** The page's style, for light and dark. */
export const style = `:root { color-scheme: light dark; --line: light-dark(#ddd, #444) }
body { font: 15px/1.45 system-ui, sans-serif; margin: 0 auto; max-width: 52rem; padding: 1rem; overflow-wrap: anywhere }
header { align-items: center; display: flex; flex-wrap: wrap; gap: .5rem 1rem; justify-content: space-between }
h1 { font-size: 1.4rem; margin: 0 }
h1 small { color: GrayText; font-weight: normal }
h2 { border-bottom: 1px solid var(--line); font-size: 1.1rem }
h3, h4 { font-size: 1em; margin: .2rem 0 }
button { border: 1px solid var(--line); border-radius: 1rem; font: inherit; font-size: .8rem; padding: .1rem .6rem }
button[aria-pressed=true] { background: Highlight; color: HighlightText }
article { margin: .9rem 0 }
article > time { color: GrayText; font-size: .8rem }
.message { display: flex; gap: .7rem }
.message > div { flex: 1; min-width: 0 }
.accent { border-radius: 2px; flex: none; height: auto; width: 4px }
p, dl, ul, pre, blockquote { margin: .2rem 0; white-space: pre-line }
dl { display: grid; gap: .2rem 1rem; grid-template-columns: repeat(auto-fit, minmax(14rem, 1fr)) }
dt { font-weight: 600 }
dd { margin: 0 }
blockquote { border-left: 3px solid var(--line); padding-left: .6rem }
footer { color: GrayText; font-size: .85rem }
mark { background: light-dark(#fdf2c7, #5a4a12); color: inherit }
`
