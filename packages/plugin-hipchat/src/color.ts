import type { Message, Severity } from "@tocsin/core"

/** HipChat's named colours, as its clients draw them. */
export const accents = {
  yellow: "#F6C342",
  green: "#14892C",
  red: "#D04437",
  purple: "#654982",
  gray: "#999999"
} as const

/** Red needs a person now, green is over, and gray is about Tocsin itself. */
export const color = ({ severity, state }: Message.Message): keyof typeof accents =>
  state === "raised" ? raisedColors[severity] : state === "cleared" ? "green" : "gray"

const raisedColors: Record<Severity, keyof typeof accents> = {
  critical: "red",
  major: "red",
  minor: "yellow",
  info: "purple"
}
