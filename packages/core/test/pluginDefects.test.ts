import { assert, describe, it } from "@effect/vitest"
import { ChannelPlugin, HttpChannel, PluginDefect } from "@tocsin/core"
import { samples } from "@tocsin/core/testing"
import { Cause, Effect, Exit, Redacted, Schema } from "effect"
import { HttpClient, HttpClientRequest, HttpClientResponse } from "effect/http"

const post = HttpClientRequest.post("https://hook.example.com/")

/** A plugin in JavaScript: its functions return what TypeScript would refuse. */
const pluginOf = (functions: {
  readonly request?: () => unknown
  readonly answer?: () => unknown
  readonly verify?: () => unknown
}) => {
  class Hook extends ChannelPlugin.Service<Hook>()("hook", {
    title: "Hook",
    settings: Schema.Struct({}),
    settingsVersion: 1,
    example: {},
    setup: [],
    rateLimits: () => [],
    sizes: { text: 1000 },
    capabilities: {}
  }) {}
  const options: any = { request: () => post, verify: () => post, ...functions }
  return { Hook, layer: HttpChannel.layer(Hook, options) }
}

const client = HttpClient.make((request) => Effect.succeed(HttpClientResponse.fromWeb(request, new Response("ok"))))

class TemplateMissing extends Error {}

const boom = (): never => {
  throw new TemplateMissing("no template")
}

const bugs: ReadonlyArray<readonly [what: string, functions: Parameters<typeof pluginOf>[0], kind: string]> = [
  ["request throws", { request: boom }, "TemplateMissing in request"],
  ["request returns nothing", { request: () => undefined }, "TypeError in request"],
  ["request returns no request", { request: () => [] }, "TypeError in request"],
  ["request returns a promise", { request: async () => post }, "TypeError in request"],
  ["answer throws", { answer: boom }, "TemplateMissing in answer"],
  ["answer returns a text", { answer: () => "ok" }, "TypeError in answer"],
  ["answer returns a promise", { answer: async () => ({}) }, "TypeError in answer"],
  ["answer returns an unknown reason", { answer: () => ({ _tag: "Later" }) }, "TypeError in answer"],
  ["next throws", { request: () => ({ request: post, next: boom }) }, "TemplateMissing in next"],
  ["next returns a number", { request: () => ({ request: post, next: () => 1 }) }, "TypeError in next"],
  ["verify throws", { verify: boom }, "TemplateMissing in verify"],
  ["verify returns a text", { verify: () => "ok" }, "TypeError in verify"]
]

describe("A bug of an HTTP plugin", () => {
  it.effect.each(bugs)("names the kind of error and the function: %s", ([name, functions, kind]) =>
    Effect.gen(function* () {
      const { Hook, layer } = pluginOf(functions)
      const exit = yield* Effect.gen(function* () {
        const hook = yield* Hook
        return name.startsWith("verify")
          ? yield* hook.verify?.({}) ?? Effect.void
          : yield* hook.deliver({}, samples.notifications.Raised, { form: "rich", deliveryId: "d" })
      }).pipe(Effect.provide(layer), Effect.provideService(HttpClient.HttpClient, client), Effect.exit)
      if (Exit.isSuccess(exit)) return assert.fail("It succeeded")
      const defect = Cause.squash(exit.cause)
      if (!(defect instanceof PluginDefect)) return assert.fail(`It is no defect: ${String(defect)}`)
      assert.strictEqual(defect.redacted({}).kind, kind)
    })
  )

  it("is shown without secrets, and without a message that quotes a part of one", () => {
    const settings = { token: Redacted.make("c4n4ry-T0K3N-of-this-hook") }
    const whole = PluginDefect.of("request", new RangeError("bad token c4n4ry-T0K3N-of-this-hook")).redacted(settings)
    assert.deepStrictEqual([whole.kind, whole.message], ["RangeError in request", "bad token <redacted>"])
    const quoted = PluginDefect.of("request", new SyntaxError(`Unexpected token 'c', "c4n4ry-T0K"... is not JSON`))
    const { message, stack } = quoted.redacted(settings)
    assert.strictEqual(message, "<redacted>")
    assert.notInclude(stack, "c4n4ry")
    assert.include(stack, "pluginDefects.test.ts")
  })
})
