import { assert } from "@effect/vitest"
import { Effect, Exit } from "effect"
import type { Reason } from "../../DeliveryError.ts"
import { client } from "../../fakes/client.ts"
import { type FakeService, type Misbehaviour, misbehaviours } from "../../fakes/FakeService.ts"
import type { Check } from "../options.ts"
import { givenTo } from "../given.ts"
import type { HttpService } from "../http.ts"
import type { Trial } from "../trial.ts"

const reasons: { readonly [How in Misbehaviour]: Reason["_tag"] | undefined } = {
  archived: "DestinationGone",
  revoked: "Unauthorized",
  limited: "RateLimited",
  failing: "Unavailable",
  // Each service reports errors with a 200 in its own way.
  lying: undefined
}

/** Checks deliveries to the plugin's own fake, both while it works and while it misbehaves. */
export const fakeChecks = (
  { canVerify, deliver, fails, outcome, plugin, verify }: Trial,
  { through }: HttpService,
  fake: () => FakeService
): ReadonlyArray<Check> => {
  const served = () => {
    const service = fake()
    return { service, answer: through(client(service).execute), settings: service.settings("https://fake.example.com") }
  }
  return [
    {
      name: "sends its fake what it accepts",
      run: Effect.gen(function* () {
        const { service, ...how } = served()
        const given = givenTo(plugin)
        for (const [what, notification] of Object.entries(given)) {
          for (const form of ["rich", "plain"] as const) {
            const { exit, printed } = yield* deliver(notification, { ...how, form, deliveryId: `${what} ${form}` })
            assert.isTrue(Exit.isSuccess(exit), printed)
          }
        }
        assert.lengthOf(service.messages, 2 * Object.keys(given).length)
      })
    },
    ...(plugin.capabilities.verify === true
      ? (["archived", "revoked"] as const).map((how) => ({
          name: `verifies nothing at its fake, where it is ${how}`,
          run: Effect.gen(function* () {
            const { answer, service, settings } = served()
            if (!(yield* canVerify(settings))) return
            service.behaviour = how
            const { exit } = yield* verify(answer, settings)
            assert.isTrue(
              Exit.isFailure(exit),
              "`verify` succeeds although a message would not arrive: let it check the destination"
            )
          })
        }))
      : []),
    ...misbehaviours.map((how) => ({
      name: `calls its fake, where it is ${how}, ${reasons[how] ?? "anything but delivered"}`,
      run: Effect.gen(function* () {
        const { answer, service, settings } = served()
        service.behaviour = how
        yield* fails(answer, reasons[how], settings)
        assert.lengthOf(service.messages, 0)
        service.behaviour = "usual"
        assert.isUndefined(yield* outcome(answer, settings))
        assert.lengthOf(service.messages, 1)
      })
    }))
  ]
}
