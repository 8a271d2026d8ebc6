import { OutLink } from "./Linked.tsx"
import { When } from "./When.tsx"
import "./PreviewView.css"

type Node = { readonly [name: string]: unknown }

const isNode = (value: unknown): value is Node => typeof value === "object" && value !== null && !Array.isArray(value)
const nodes = (value: unknown): ReadonlyArray<Node> => (Array.isArray(value) ? value.filter(isNode) : [])
const string = (value: unknown): string => (typeof value === "string" ? value : "")

/**
 * Renders a message from data, in the same way for all plugins, with only their texts and links. Unknown blocks are
 * shown as data.
 */
export const PreviewView = ({ preview, text }: { readonly preview: unknown; readonly text: string }) => {
  if (!isNode(preview)) return <pre className="message plain foreign">{text}</pre>
  const accent = string(preview["accent"])
  const color = /^#[0-9A-Fa-f]{6}$/.test(accent) ? accent : undefined
  return (
    <div className="message" style={color === undefined ? {} : { borderInlineStartColor: color }}>
      {nodes(preview["blocks"]).map((block, index) => (
        <Block key={index} block={block} />
      ))}
    </div>
  )
}

const Block = ({ block }: { readonly block: Node }) => {
  switch (block["_tag"]) {
    case "Heading":
      return (
        <p className="message-heading">
          <Spans spans={block["spans"]} />
        </p>
      )
    case "Text":
      return (
        <p>
          <Spans spans={block["spans"]} />
        </p>
      )
    case "Facts":
      return (
        <dl className="message-facts">
          {nodes(block["facts"]).map((fact, index) => (
            <div key={index}>
              <dt>{string(fact["label"])}</dt>
              <dd>
                <Spans spans={fact["spans"]} />
              </dd>
            </div>
          ))}
        </dl>
      )
    case "List":
      return (
        <div>
          {string(block["title"]) !== "" && <p className="message-title">{string(block["title"])}</p>}
          <ul className="message-list">
            {(Array.isArray(block["items"]) ? block["items"] : []).map((spans, index) => (
              <li key={index}>
                <Spans spans={spans} />
              </li>
            ))}
          </ul>
        </div>
      )
    case "Code":
      return (
        <pre className="request" tabIndex={0}>
          {string(block["text"])}
        </pre>
      )
    case "Quote":
      return (
        <blockquote>
          <Spans spans={block["spans"]} />
        </blockquote>
      )
    case "Rule":
      return <hr />
    case "Footer":
      return (
        <p className="message-footer">
          <Spans spans={block["spans"]} />
        </p>
      )
    default:
      return (
        <div className="message-unknown">
          <p className="hint">This console does not know the block “{string(block["_tag"])}”. It came as:</p>
          <pre className="request" tabIndex={0}>
            {JSON.stringify(block, null, 2)}
          </pre>
        </div>
      )
  }
}

const Spans = ({ spans }: { readonly spans: unknown }) => (
  <>
    {nodes(spans).map((span, index) => (
      <Span key={index} span={span} />
    ))}
  </>
)

const Span = ({ span }: { readonly span: Node }) => {
  const text = string(span["text"])
  switch (span["_tag"]) {
    case "Strong":
      return <strong className="foreign">{text}</strong>
    case "Emphasis":
      return <em className="foreign">{text}</em>
    case "Code":
      return <code className="foreign">{text}</code>
    case "Mention":
      return <span className="mention foreign">{text}</span>
    case "Link":
      return <OutLink href={string(span["link"])}>{text}</OutLink>
    case "Time": {
      const at = Date.parse(string(span["at"]))
      return Number.isNaN(at) ? <>{string(span["at"])}</> : <When at={{ epochMilliseconds: at }} />
    }
    default:
      return <span className="foreign">{text}</span>
  }
}
