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
  // What My Channel's documentation forbids: its limits, and text that it would take for markup.
  validate: (request) => [
    ...(textIn(request).length > 4000 ? ["The text is longer than 4,000 characters"] : []),
    ...(textIn(request).trim() === "" ? ["The text is blank"] : [])
  ],
  // What a person sees of a message: read from the request alone.
  read: (request) => ({ blocks: [{ _tag: "Text", spans: [{ _tag: "Plain", text: textIn(request) }] }] }),
  fake: () => new FakeMyChannel()
})
