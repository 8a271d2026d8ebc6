import { ChannelPluginTest } from "@tocsin/core/testing"
import { MyChannel } from "../src/MyChannel.ts"

ChannelPluginTest.suite(MyChannel, {
  layer: MyChannel.layer,
  settings: { host: "chat.example.com", port: 6697, token: "s3cr3t-t0k3n" },
  secrets: ["s3cr3t-t0k3n"],
  // The server's end of each connection.
  peer: () => ({ answer: () => "ok\n" }),
  refused: [[() => ({ answer: () => "no room for that\n" }), "PayloadRejected"]],
  validate: (written) =>
    /^s3cr3t-t0k3n [^\n]+\n$/.test(new TextDecoder().decode(written)) ? [] : ["is not a token and a line"]
})
