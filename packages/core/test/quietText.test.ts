import { assert, describe, it } from "@effect/vitest"
import { Message, quietText, utf8Units } from "@tocsin/core"
import { samples } from "@tocsin/core/testing"

const quiet = (text: string): string => text.replace(/[:*]/g, "$&\u200B")

const link = new URL("https://[2001:db8:1:2::3]/a*b*c")

const message = Message.fromNotification({
  _tag: "Raised",
  alert: { ...samples.raised, summary: "see https://evil.example/*x*", links: { started: link, alert: link } }
})

describe("quietText", () => {
  it("changes all text but the message's own links", () => {
    const text = quietText(message, 4000, { quiet })
    assert.include(text, link.href)
    assert.include(text, "see https:\u200B//evil.example/*\u200Bx*\u200B")
    assert.notMatch(text.replaceAll(link.href, ""), /[:*](?!\u200B)/)
  })

  it("writes its own links as the channel does", () => {
    const text = quietText(message, 4000, { quiet, link: (href) => `<${href}>` })
    assert.include(text, `<${link.href}>`)
    assert.notInclude(text, "<https://evil")
  })

  it("counts the text as it is sent", () => {
    const long = { ...message, summary: "é:".repeat(5000), headline: "*".repeat(5000) }
    const text = quietText(long, 800, { quiet, encode: utf8Units })
    assert.isAtMost(utf8Units(text).length, 800)
    assert.isAbove(utf8Units(text).length, 300)
  })
})
