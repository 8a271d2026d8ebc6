/**
 * Elements of JSX as nodes of the document, made once: what `react/jsx-runtime` is to the application. It knows no
 * state; handlers are left out, and controls are inert.
 */
type Child = Node | string | number | boolean | null | undefined | ReadonlyArray<Child>
type Value = Child | object
type Props = { readonly children?: Child; readonly [name: string]: Value }
type Component = (props: Props) => Child

const vectorTags = new Set(["svg", "path", "line", "rect", "circle", "g", "text"])
const vectorSpace = "http://www.w3.org/2000/svg"

const attributeNames: { readonly [name: string]: string } = {
  className: "class",
  htmlFor: "for",
  tabIndex: "tabindex",
  dateTime: "datetime",
  maxLength: "maxlength"
}

export const Fragment: Component = ({ children }) => children

export const jsx = (type: string | Component, props: Props): Child => {
  if (typeof type === "function") return type(props)
  const element = vectorTags.has(type) ? document.createElementNS(vectorSpace, type) : document.createElement(type)
  // A select takes its value once its options are there.
  append(element, props.children)
  for (const name in props) set(element, name, props[name])
  if (type === "button" || type === "input") element.toggleAttribute("inert", true)
  if (type === "input") element.toggleAttribute("readonly", true)
  if (type === "select") element.toggleAttribute("disabled", true)
  return element
}

/** @alias */
export const jsxs = jsx

const append = (element: Element, child: Child): void => {
  if (typeof child === "string" || typeof child === "number") element.append(`${child}`)
  else if (child instanceof Node) element.append(child)
  else if (typeof child === "object") for (const one of child ?? []) append(element, one)
}

const set = (element: Element, name: string, value: Value): void => {
  if (name === "children" || name === "ref" || name.startsWith("on") || value === undefined || value === null) return
  if (typeof value === "object") return void Object.assign((element as HTMLElement).style, pixels(value))
  if (name === "value" || name === "checked") return void Object.assign(element, { [name]: value })
  if (typeof value === "boolean" && !name.includes("-")) return void element.toggleAttribute(name, value)
  element.setAttribute(attributeNames[name] ?? name, `${value}`)
}

const pixels = (style: object) =>
  Object.fromEntries(
    Object.entries(style).map(([name, value]) => [name, typeof value === "number" ? `${value}px` : value])
  )
