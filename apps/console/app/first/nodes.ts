/** What `jsx.ts` needs of the document, where there is none: elements that become HTML. */
const escaped = (text: string): string =>
  /[&<>"]/.test(text) ? text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`) : text

/** Elements without an end. */
const empty = new Set(["input", "br"])

export class HtmlNode {
  /** Left out of the HTML: the policy of the page allows no styles in it. */
  readonly style = {}
  private attributes = ""
  private content = ""
  private readonly tag: string

  constructor(tag: string) {
    this.tag = tag
  }

  append(child: HtmlNode | string): void {
    this.content += typeof child === "string" ? escaped(child) : child.toString()
  }

  setAttribute(name: string, value: string): void {
    this.attributes += ` ${name}="${escaped(value)}"`
  }

  toggleAttribute(name: string, isOn: boolean): void {
    if (isOn && !this.attributes.includes(` ${name}=`)) this.setAttribute(name, "")
  }

  toString(): string {
    return `<${this.tag}${this.attributes}>${empty.has(this.tag) ? "" : `${this.content}</${this.tag}>`}`
  }
}
