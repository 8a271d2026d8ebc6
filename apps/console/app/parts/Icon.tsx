/** Shapes on a grid of 16, drawn with the text's colour. */
const shapes = {
  alerts:
    "M8 2.2c-2.4 0-3.7 1.7-3.9 4-.2 2.2-.6 3.1-1.5 4.1-.3.4 0 .9.5.9h9.8c.5 0 .8-.5.5-.9-.9-1-1.3-1.9-1.5-4.1-.2-2.3-1.5-4-3.9-4ZM6.6 13.2a1.6 1.6 0 0 0 2.8 0",
  deliveries: "M2.2 8.2 13.6 2.6 10.4 13.4 7.6 9.1ZM7.6 9.1 13.6 2.6",
  integrations:
    "M6.8 9.2 9.2 6.8M7.6 4.6l1.1-1.1a2.7 2.7 0 0 1 3.8 3.8l-1.1 1.1M8.4 11.4l-1.1 1.1a2.7 2.7 0 0 1-3.8-3.8l1.1-1.1",
  rules: "M2.5 4.5h6.2M12 4.5h1.5M2.5 11.5H4M7.3 11.5h6.2M10.3 2.9v3.2M5.7 9.9v3.2",
  sources: "M3 3.5h10v3.2H3zM3 9.3h10v3.2H3zM5.2 5.1h.01M5.2 10.9h.01",
  lanes: "M2.5 4h7M2.5 8h11M2.5 12h5M11.5 2.5 13 4l-1.5 1.5M9.5 10.5 11 12l-1.5 1.5",
  access: "M8 2.2 13 4v3.8c0 3-2 5-5 6-3-1-5-3-5-6V4ZM6 8l1.5 1.5L10.3 6.6",
  search: "M7 11.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9ZM10.4 10.4 13.5 13.5",
  check: "M3.2 8.4 6.5 11.6 12.8 4.6",
  cross: "M4 4l8 8M12 4l-8 8",
  clock: "M8 13.5a5.5 5.5 0 1 0 0-11 5.5 5.5 0 0 0 0 11ZM8 5v3.2l2 1.4",
  retry: "M13 8a5 5 0 1 1-1.6-3.7M13 2.5v2.8h-2.8",
  stack: "M8 2.5 14 5.5 8 8.5 2 5.5ZM2.5 8.3 8 11l5.5-2.7M2.5 11 8 13.7 13.5 11",
  dash: "M4 8h8",
  off: "M8 13.5a5.5 5.5 0 1 0 0-11 5.5 5.5 0 0 0 0 11ZM4.2 4.2l7.6 7.6",
  pause: "M5.8 3.8v8.4M10.2 3.8v8.4",
  play: "M5 3.4 12.2 8 5 12.6Z",
  plus: "M8 3.2v9.6M3.2 8h9.6",
  down: "M4 6.2 8 10.2 12 6.2",
  right: "M6.2 4 10.2 8 6.2 12",
  out: "M9.2 3H13v3.8M12.8 3.2 7.6 8.4M11 9.4V13H3V5h3.6",
  edit: "M3 13l.8-3L10.6 3.2l2.2 2.2L6 12.2ZM9.4 4.4l2.2 2.2",
  bin: "M3 4.5h10M6.2 4.3V2.8h3.6v1.5M4.3 4.7l.6 8.5h6.2l.6-8.5M6.8 7v4M9.2 7v4",
  menu: "M2.5 4.5h11M2.5 8h11M2.5 11.5h11",
  copy: "M5.5 5.5h7.7v7.7H5.5zM3.6 10.5H2.8V2.8h7.7v.8",
  sun: "M8 10.8a2.8 2.8 0 1 0 0-5.6 2.8 2.8 0 0 0 0 5.6ZM8 1.5v1.4M8 13.1v1.4M1.5 8h1.4M13.1 8h1.4M3.4 3.4l1 1M11.6 11.6l1 1M12.6 3.4l-1 1M4.4 11.6l-1 1",
  moon: "M13 9.6A5.6 5.6 0 0 1 6.4 3 5.6 5.6 0 1 0 13 9.6Z",
  auto: "M2.5 3.5h11v7.4h-11zM6 13.2h4M8 10.9v2.3",
  warning: "M8 2.6 14.2 13H1.8ZM8 6.4v3.2M8 11.3h.01",
  person: "M8 8a2.6 2.6 0 1 0 0-5.2A2.6 2.6 0 0 0 8 8ZM3 13.4c.5-2.4 2.4-3.8 5-3.8s4.5 1.4 5 3.8",
  signOut: "M6.5 3H3v10h3.5M10 5l3 3-3 3M13 8H6.5",
  send: "M8 12.8V3.2M4 7.2l4-4 4 4",
  receive: "M8 3.2v9.6M4 8.8l4 4 4-4"
} as const

export type IconName = keyof typeof shapes

interface Props {
  readonly name: IconName
  readonly className?: string
}

/** A decorative icon beside words, hidden from screen readers. */
export const Icon = ({ className = "", name }: Props) => (
  <svg className={`icon ${className}`} viewBox="0 0 16 16" aria-hidden="true">
    <path d={shapes[name]} />
  </svg>
)
