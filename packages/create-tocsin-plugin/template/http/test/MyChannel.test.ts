import { ChannelPluginTest } from "@tocsin/core/testing"
import { MyChannel } from "../src/MyChannel.ts"

ChannelPluginTest.suite(MyChannel, {
  layer: MyChannel.layer,
  settings: { url: "https://chat.example.com/rooms/ops", token: "s3cr3t-t0k3n" },
  secrets: ["s3cr3t-t0k3n"],
  accepted: () => new Response(null, { status: 204 })
})
