import { DeliveryError, Unavailable } from "@tocsin/core"
import { Clock, Config, Effect, Redacted, Schedule } from "effect"
import { HttpClientRequest } from "effect/http"
import { catches } from "./catches.ts"
import { type Channel, checks, post, type Spoils, text } from "./hook.ts"

type Deliver = Channel["deliver"]

const delivering = (spoil: (deliver: Deliver, ...of: Parameters<Deliver>) => ReturnType<Deliver>): Spoils => ({
  channel: ({ deliver }) => ({ deliver: (...of) => spoil(deliver, ...of) })
})

const unavailable = new DeliveryError({ reason: new Unavailable({ detail: "it fails" }) })
const isRetried = { times: 2, schedule: Schedule.spaced("10 seconds") }
const readChannel = Effect.gen(function* () {
  yield* Config.withDefault(Config.String("HOOK_CHANNEL"), "")
}).pipe(Effect.orDie)

let told = 0
let last: Parameters<Deliver>[0] | undefined
let first: Parameters<Deliver>[0] | undefined

catches<Spoils>("conduct", checks, [
  [
    "retries",
    "makes one attempt, whatever happens",
    delivering((deliver, ...of) => Effect.retry(deliver(...of), isRetried))
  ],
  [
    "retries what its service refuses in its own way",
    "makes one attempt, whatever happens",
    {
      ...delivering((deliver, ...of) =>
        Effect.retry(deliver(...of), { ...isRetried, while: ({ reason }) => reason.detail === "busy" })
      ),
      http: { answer: ({ body }) => (body === "busy" ? new Unavailable({ detail: "busy" }) : undefined) },
      options: { refused: [[() => new Response("busy"), "Unavailable"]] }
    }
  ],
  [
    "gives up after a time of its own",
    "has no timeout of its own",
    delivering((deliver, ...of) =>
      Effect.timeoutOrElse(deliver(...of), { duration: "10 seconds", orElse: () => Effect.fail(unavailable) })
    )
  ],
  [
    "cannot be interrupted",
    "can be interrupted while the service hangs",
    delivering((deliver, ...of) => Effect.uninterruptible(deliver(...of)))
  ],
  [
    "goes on after it was interrupted",
    "can be interrupted while the service hangs",
    delivering((deliver, ...of) => Effect.flatten(Effect.promise(() => Effect.runPromiseExit(deliver(...of)))))
  ],
  ["logs", "writes no logs", delivering((deliver, ...of) => Effect.tap(deliver(...of), Effect.log("delivered")))],
  ["logs failures", "writes no logs", delivering((deliver, ...of) => Effect.tapError(deliver(...of), Effect.logError))],
  [
    "writes to the console",
    "writes no logs",
    delivering((deliver, ...of) =>
      Effect.tap(
        deliver(...of),
        Effect.sync(() => console.log("delivered"))
      )
    )
  ],
  [
    "writes to the standard output",
    "writes no logs",
    delivering((deliver, ...of) =>
      Effect.tap(
        deliver(...of),
        Effect.sync(() => process.stdout.write(""))
      )
    )
  ],
  [
    "gives its URL back in the receipt",
    "prints no secret, whatever the service answers",
    delivering((deliver, ...of) => Effect.as(deliver(...of), { data: { url: Redacted.value(of[0].url) } })),
    /^treats a truncated 2xx/
  ],
  [
    "writes its URL into a span",
    "prints no secret, whatever the service answers",
    delivering((deliver, ...of) =>
      Effect.withSpan(deliver(...of), "deliver", { attributes: { url: Redacted.value(of[0].url) } })
    )
  ],
  [
    "says its URL in an error",
    "prints no secret, whatever the service answers",
    delivering((deliver, ...of) =>
      Effect.mapError(deliver(...of), ({ reason }) => {
        const detail = `${Redacted.value(of[0].url)}: ${reason.detail}`
        return reason._tag === "Unavailable"
          ? new DeliveryError({ reason: new Unavailable({ detail }) })
          : new DeliveryError({ reason })
      })
    )
  ],
  [
    "says its URL in what verify fails with",
    "prints no secret, whatever the service answers",
    {
      declared: { capabilities: { verify: true } },
      channel: () => ({
        verify: ({ url }) =>
          Effect.fail(new DeliveryError({ reason: new Unavailable({ detail: Redacted.value(url) }) }))
      })
    }
  ],
  [
    "reads configuration",
    "reads no configuration",
    delivering((deliver, ...of) => Effect.andThen(readChannel, deliver(...of)))
  ],
  [
    "reads an environment variable",
    "reads no environment variables",
    delivering((deliver, ...of) =>
      Effect.suspend(() => (process.env["HOOK_CHANNEL"] === "" ? Effect.never : deliver(...of)))
    )
  ],
  [
    "takes all of the environment",
    "reads no environment variables",
    delivering((deliver, ...of) => Effect.suspend(() => ("HOOK" in { ...process.env } ? Effect.never : deliver(...of))))
  ],
  [
    "counts its messages in a variable",
    "sends the same for the same input, whatever was sent before and whatever the time is",
    { http: { request: (settings, of) => HttpClientRequest.setHeader(post(settings, of), "x-count", String(told++)) } },
    /two integrations|two messages/
  ],
  [
    "writes the time into its message",
    "sends the same for the same input, whatever was sent before and whatever the time is",
    delivering((deliver, settings, of, options) =>
      Effect.flatMap(Clock.currentTimeMillis, (now) =>
        deliver({ ...settings, url: Redacted.make(`${Redacted.value(settings.url)}?at=${now}`) }, of, options)
      )
    )
  ],
  [
    "puts the time into a header that its test does not name",
    "sends the same for the same input, whatever was sent before and whatever the time is",
    {
      http: {
        request: (settings, of, { now }) => HttpClientRequest.setHeader(post(settings, of), "x-time", String(now))
      }
    }
  ],
  [
    "keeps its settings in a variable while it waits",
    "keeps the settings of two integrations apart, also at the same time",
    delivering((deliver, settings, of, options) =>
      Effect.suspend(() => {
        last = settings
        return Effect.andThen(
          Effect.yieldNow,
          Effect.suspend(() => deliver(last ?? settings, of, options))
        )
      })
    )
  ],
  [
    "keeps the first settings that it is given",
    "keeps the settings of two integrations apart, also at the same time",
    delivering((deliver, settings, of, options) => deliver((first ??= settings), of, options))
  ],
  [
    "names another server as its destination",
    "names its destination",
    { channel: () => ({ destination: () => "https://elsewhere.example.com/hook" }) }
  ],
  [
    "gives every delivery the same transaction id",
    "sends two deliveries as two messages, and a repeated attempt as the same message",
    {
      http: {
        request: ({ url }, of) =>
          HttpClientRequest.put(`${Redacted.value(url)}/send/1`).pipe(HttpClientRequest.bodyText(text(of)))
      }
    }
  ],
  [
    "makes a transaction id of its own for each attempt",
    "sends two deliveries as two messages, and a repeated attempt as the same message",
    {
      http: {
        request: (settings, of) => HttpClientRequest.setHeader(post(settings, of), "x-transaction", String(told++))
      }
    },
    /the same for the same|two integrations/
  ],
  [
    "posts to verify",
    "posts nothing to verify, and makes one attempt",
    {
      declared: { capabilities: { verify: true } },
      http: { verify: ({ url }) => HttpClientRequest.post(Redacted.value(url)) }
    }
  ],
  [
    "tries to verify until it works",
    "posts nothing to verify, and makes one attempt",
    {
      declared: { capabilities: { verify: true } },
      http: { verify: ({ url }) => HttpClientRequest.get(Redacted.value(url)) },
      channel: ({ verify }) => ({ verify: (settings) => Effect.retry(verify!(settings)!, isRetried) })
    }
  ],
  [
    "calls whatever it is given verified",
    "verifies nothing where there is no connection",
    { declared: { capabilities: { verify: true } }, channel: () => ({ verify: () => Effect.void }) }
  ],
  [
    "claims that it can verify",
    "verifies exactly if it declares it",
    { declared: { capabilities: { verify: true } } },
    /^verifies nothing/
  ],
  [
    "reads configuration to verify",
    "reads no configuration",
    {
      declared: { capabilities: { verify: true } },
      channel: ({ verify }) => ({ verify: (settings) => Effect.andThen(readChannel, verify!(settings)!) }),
      http: { verify: ({ url }) => HttpClientRequest.get(Redacted.value(url)) }
    }
  ]
])
