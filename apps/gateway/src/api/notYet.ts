/** Answers of routes that the definition has and that are being built: all of this file goes with the last of them. */
import { Api } from "@tocsin/client"
import { Effect, Layer } from "effect"
import { HttpApiBuilder } from "effect/http-api"

export const notYet = () => Effect.die(new Error("This route is not built yet"))

export const NotYetHandlers = Layer.mergeAll(
  HttpApiBuilder.group(Api, "lanes", (handlers) => handlers.handleAll({ list: notYet, activity: notYet }))
)
