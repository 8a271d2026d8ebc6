import { ChannelPluginTest } from "@tocsin/core/testing"
import { MyChannel } from "../src/MyChannel.ts"

ChannelPluginTest.suite(MyChannel, {
  layer: MyChannel.layer,
  settings: { host: "chat.example.com", port: 6697, token: "s3cr3t-t0k3n" },
  secrets: ["s3cr3t-t0k3n"],
  // The server's end of each connection.
  peer: () => ({ answer: () => "ok\n" }),
  refused: [[() => ({ answer: () => "no room for that\n" }), "PayloadRejected"]],
  validate: (written) => (lineIn(written) === undefined ? ["It is not a token and a line"] : []),
  // The message as a person sees it, read from the written bytes alone.
  read: (written) => ({ blocks: [{ _tag: "Text", spans: [{ _tag: "Plain", text: lineIn(written) ?? "" }] }] })
})

const lineIn = (written: Uint8Array): string | undefined =>
  /^s3cr3t-t0k3n ([^\n]+)\n$/.exec(new TextDecoder().decode(written))?.[1]
