import { type HttpClientRequest, showRequest } from "@tocsin/core"
import { ChannelPluginTest } from "@tocsin/core/testing"
import { MyChannel } from "../src/MyChannel.ts"
import { FakeMyChannel } from "./FakeMyChannel.ts"

const textIn = (request: HttpClientRequest.HttpClientRequest): string =>
  JSON.parse(showRequest(request, {}).body ?? "{}").text

ChannelPluginTest.suite(MyChannel, {
  layer: MyChannel.layer,
  settings: { url: "https://chat.example.com/rooms/ops", token: "s3cr3t-t0k3n" },
  secrets: ["s3cr3t-t0k3n"],
  accepted: () => new Response(null, { status: 204 }),
  // The rules of My Channel's documentation: its limits, and the text that it reads as markup.
  validate: (request) => [
    ...(textIn(request).length > 4000 ? ["The text is longer than 4,000 characters"] : []),
    ...(textIn(request).trim() === "" ? ["The text is blank"] : [])
  ],
  // The message as a person sees it, read from the request alone.
  read: (request) => ({ blocks: [{ _tag: "Text", spans: [{ _tag: "Plain", text: textIn(request) }] }] }),
  fake: () => new FakeMyChannel()
})
