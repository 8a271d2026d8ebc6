/**
 * The page of a fake: its channels as a person sees them, and buttons that make it misbehave.
 */
import {
  type Answer,
  type Answering,
  type Behaviour,
  type FakeService,
  misbehaviours,
  type Channel,
  type Shown
} from "./FakeService.ts"
import { escapeHtml } from "../text.ts"
import { html } from "./previewHtml.ts"
import { style } from "./style.ts"

/** Wraps a fake so that `GET /` returns its page; the fake answers all other requests. */
export const withPage = (fake: FakeService): Answering => ({
  answer: (request) => {
    const { pathname } = new URL(request.url, "http://fake.invalid")
    if (request.method === "GET" && pathname === "/") return answered("text/html; charset=utf-8", page(fake))
    if (request.method === "GET" && pathname === "/style.css") return answered("text/css; charset=utf-8", style)
    if (request.method === "POST" && pathname === "/behaviour") {
      const name = new URLSearchParams(request.body).get("name")
      const chosen = behaviours.find((behaviour) => behaviour === name)
      if (chosen === undefined) return { status: 400, headers: {}, body: `One of: ${behaviours.join(", ")}` }
      fake.behaviour = chosen
      return { status: 303, headers: { location: "/" }, body: "" }
    }
    return fake.answer(request)
  }
})

const behaviours: ReadonlyArray<Behaviour> = ["usual", ...misbehaviours, "hanging"]

const explained: { readonly [B in Behaviour]: string } = {
  usual: "answers as documented",
  archived: "the channel no longer exists",
  revoked: "the credential is no longer accepted",
  limited: "too many requests",
  failing: "the service is down",
  lying: "a 200 whose body has an error",
  hanging: "never answers"
}

/** How many of the newest messages of a channel are shown. */
const shown = 100

const answered = (type: string, body: string): Answer => ({
  status: 200,
  headers: {
    "content-type": type,
    "cache-control": "no-store",
    "content-security-policy":
      "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff"
  },
  body
})

const page = (fake: FakeService): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="2">
<title>${escapeHtml(fake.title)} (fake)</title>
<link rel="stylesheet" href="/style.css">
</head>
<body>
<header>
<h1>${escapeHtml(fake.title)} <small>fake</small></h1>
<form method="post" action="/behaviour">
${behaviours.map((behaviour) => button(behaviour, fake.behaviour)).join("\n")}
</form>
</header>
<main>
${fake.channels().map(channel).join("\n") || "<p>Nothing was posted yet.</p>"}
</main>
</body>
</html>
`

const button = (behaviour: Behaviour, chosen: Behaviour): string =>
  `<button name="name" value="${behaviour}" title="${explained[behaviour]}" aria-pressed="${behaviour === chosen}">${behaviour}</button>`

const channel = ({ messages, name }: Channel): string => `<section>
<h2>${escapeHtml(name)}</h2>
${messages
  .slice(-shown)
  .map((message) => `<article><time>${time(message.at)}${label(message)}</time>\n${html(message.preview)}</article>`)
  .join("\n")}
</section>`

const label = ({ as }: Shown): string => (as === undefined ? "" : as === "edit" ? ", an edit" : ", a reply")

const time = (at: number): string => new Date(at).toISOString().slice(11, 19)
