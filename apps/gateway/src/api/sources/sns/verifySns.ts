import { Forbidden } from "@tocsin/client"
import { AwsSns } from "@tocsin/sources"
import { Effect, Schema } from "effect"
import { type Inlet, InletUnavailable } from "../inlets.ts"
import { SnsMessages } from "./SnsMessages.ts"

const isSettings = Schema.is(AwsSns.settings)

/**
 * Verifies a body of a source of the type `aws-sns`, and confirms its subscription if it asks for that. Bodies of other
 * types pass. A message that is refused gets 403, which Amazon SNS does not repeat, and one that cannot be verified now
 * gets 503, which it does.
 */
export const makeVerifySns = Effect.map(
  SnsMessages,
  ({ admit }) =>
    ({ settings, type }: Inlet, body: unknown): Effect.Effect<void, Forbidden | InletUnavailable> =>
      type.type === AwsSns.type
        ? admit(body, isSettings(settings) ? settings.topicArns : []).pipe(
            Effect.catchTags({
              SnsRefused: ({ why }) => new Forbidden({ detail: why }),
              SnsUnreachable: ({ why }) =>
                Effect.fail(new InletUnavailable({ title: "The message cannot be verified now", detail: why }))
            })
          )
        : Effect.void
)
