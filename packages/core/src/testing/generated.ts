/**
 * Generates notifications of every kind with unusual contents.
 */
import { Arbitrary, Schema } from "effect"
import { maxLabelLength, maxLabels, maxTextLength } from "../InboundLimits.ts"
import { Notification } from "../Notification.ts"

/** Texts with a meaning in some channel, in HTML or in Unicode, or that have caused bugs. */
const pieces: ReadonlyArray<string> = [
  Array.from("&<>*_~`|@#:\"'\\/ ()[]{}ax9漢＊＞ﷺ\n\r\t"),
  ["</b>", "<br>", "<script>", "]]>", "{{", "&amp;", "&lt;!channel&gt;", "```", "\n> ", "http://", "javascript:"],
  [
    "<!channel>",
    "<!here|x>",
    "<@U012AB3CD>",
    "<!subteam^S012AB3CD>",
    "<!date^0^{date}|x>",
    "<https://evil.example|ok>"
  ],
  [":100:", "00:ab:cd:de", "job:up:sum", ":+1::skin-tone-2:", ":arrow_down:", ":ñ:", ":)", ";-)", "8)", ":'(", ":D "],
  ["@all", "@here", "@everyone", "(failed)", "/code ", "/quote ", "word ", "node_load_avg"],
  ["\r\n", "\u0000", "\u001b[31m", "\u0085", "\u00ad", "\u2028", "\u202e", "\u200c", "\ufeff", "\uffff"],
  ["\ud83d", "\udc69", "e\u0301\u0323\u0310", "👩‍👩‍👧‍👦", "🇳🇴", "§".repeat(50)]
].flat()

const urls: ReadonlyArray<string> = [
  "https://app.example.com/?a=1&b=<2>|3#(x)",
  "http://user:pass@app.example.com/@all/(failed)/*x*:_y_?to=@here",
  "http://[2001:100:db8::1]:8080/job:up:sum?expr=job:up:sum#:100:",
  `https://app.example.com/?${"&".repeat(290)}`,
  `https://app.example.com/${"x".repeat(maxTextLength - 24)}`
]

/** One piece or a few, sometimes repeated up to a limit. */
const text = Arbitrary.map(
  Arbitrary.all([
    Arbitrary.array(Arbitrary.schema(Schema.Literals(pieces)), { minLength: 1, maxLength: 8 }),
    Arbitrary.schema(Schema.Literals([1, 2, 8])),
    Arbitrary.schema(Schema.Literals([1, 1, 1, 2, 30, maxTextLength]))
  ]),
  ([some, first, times]) => some.slice(0, first).join("").repeat(times).slice(0, maxTextLength)
)

const codec = Schema.toCodecJson(Notification)
const encode = Schema.encodeSync(codec)
const decode = Schema.decodeUnknownSync(codec)

/**
 * Generates notifications of every kind, with and without each optional field, with long lists, and with texts that are
 * hostile or at their limits.
 */
export const notification: Arbitrary.Arbitrary<Notification> = Arbitrary.all({
  plain: Arbitrary.schema(Notification),
  texts: Arbitrary.array(text, { minLength: 1, maxLength: 20 }),
  links: Arbitrary.array(Arbitrary.schema(Schema.Literals(urls)), { minLength: 1, maxLength: 4 }),
  crowd: Arbitrary.schema(Schema.Literals([0, 0, 1, 19, 40]))
}).pipe(
  Arbitrary.map(({ crowd, links, plain, texts }) => {
    let next = 0
    const text = (max = maxTextLength) => (texts[next++ % texts.length] ?? "").slice(0, max)
    const replaced = (value: unknown, key = ""): unknown => {
      if (Array.isArray(value)) {
        const length = lists.has(key) && value.length > 0 ? Math.max(value.length, crowd) : value.length
        return Array.from({ length }, (_, n) => replaced(value[n % value.length], key))
      }
      if (typeof value === "object" && value !== null) {
        const entries = Object.entries(value)
        return Object.fromEntries(
          key === "labels"
            ? entries.slice(0, maxLabels).map(() => [text(maxLabelLength), text(maxLabelLength)])
            : entries.map(([key, inner]) => [key, replaced(inner, key)])
        )
      }
      if (typeof value !== "string") return value
      return named.has(key) ? text() : linked.has(key) ? links[next++ % links.length] : value
    }
    return decode(replaced(encode(plain)))
  })
)

const lists = new Set("observations alerts lines targets".split(" "))
const linked = new Set("link started cleared alert".split(" "))
const named = new Set(
  "name label expression summary atStart atEnd sourceId headline rule text lines targets zone stated source".split(" ")
)
