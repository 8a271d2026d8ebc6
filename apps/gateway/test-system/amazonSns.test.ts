import { assert, describe, it } from "@effect/vitest"
import { AlertSummary, Taken, UnreadableBody } from "@tocsin/client"
import { Certificate, TcpServer } from "@tocsin/test-network"
import { Effect } from "effect"
import { createServer as createHttpServer } from "node:http"
import { createServer as createHttpsServer } from "node:https"
import { connect, type Socket } from "node:net"
import { listOf } from "../test/harness/answers.ts"
import { make } from "../test/harness/gateway.ts"
import { confirmation, notification, signed, subscribeUrl, topicArn } from "../test/harness/snsMessage.ts"

const token = "the-operators-t0ken"
const urlToken = "the-url-token-of-sns"

/** Amazon SNS, reached through a proxy: its certificate for signatures, and its address that confirms subscriptions. */
const makeSns = Effect.gen(function* () {
  const tls = yield* Certificate.make(["sns.eu-west-1.amazonaws.com"])
  const signing = yield* Certificate.make(["sns.amazonaws.com"], "rsa")
  const asked: Array<string> = []
  const service = createHttpsServer({ key: tls.key, cert: tls.cert }, ({ headers, url = "" }, response) => {
    asked.push(decodeURIComponent(`https://${headers.host}${url}`))
    response.end(url.endsWith(".pem") ? signing.cert : "<ConfirmSubscriptionResponse/>")
  })
  const { port: servicePort } = yield* TcpServer.serve(service)
  const proxy = createHttpServer().on("connect", (_, client: Socket) => {
    const onward = connect(servicePort, "127.0.0.1", () => {
      client.write("HTTP/1.1 200 Connected\r\n\r\n")
      onward.pipe(client).pipe(onward)
    })
    sockets.add(onward.on("error", () => client.destroy()))
    client.on("error", () => onward.destroy())
  })
  const { port, sockets } = yield* TcpServer.serve(proxy)
  return { asked, key: signing.key, proxy: `http://127.0.0.1:${port}`, ca: tls.file }
})

describe("Amazon SNS", () => {
  it.live("subscribes, raises and clears an alert, and forged messages are refused and kept", () =>
    Effect.gen(function* () {
      const sns = yield* makeSns
      const harness = yield* make({
        TOCSIN_TOKEN: token,
        HTTPS_PROXY: sns.proxy,
        NODE_EXTRA_CA_CERTS: sns.ca
      })
      const admin = { authorization: `Bearer ${token}` }
      const configured = yield* harness.request(
        "PUT",
        "/v1/sources/aws",
        { type: "aws-sns", urlToken, settings: { topicArns: [topicArn] } },
        admin
      )
      assert.strictEqual(configured.status, 201, configured.text)

      /** Posts as Amazon SNS does: as plain text, and with the credential in the URL. */
      const post = (message: object) =>
        harness.request("POST", `/v1/sources/aws/in/${urlToken}`, JSON.stringify(message), {
          "content-type": "text/plain; charset=UTF-8"
        })
      const alerts = Effect.map(harness.request("GET", "/v1/alerts?source=aws", undefined, admin), ({ as }) =>
        as(listOf(AlertSummary)).items.map(({ rule, state }) => `${rule.name} ${state}`)
      )

      const subscribing = yield* post(signed(sns.key, confirmation("SubscriptionConfirmation")))
      assert.deepStrictEqual(subscribing.as(Taken), { accepted: 0, unreadable: 0 }, subscribing.text)
      assert.deepStrictEqual(sns.asked.slice(1), [subscribeUrl])

      const raised = yield* post(signed(sns.key, notification("ALARM"), "2"))
      assert.deepStrictEqual(raised.as(Taken), { accepted: 1, unreadable: 0 }, raised.text)
      assert.deepStrictEqual(yield* alerts, ["disk raised"])
      const again = yield* post(signed(sns.key, notification("ALARM"), "2"))
      assert.strictEqual(again.status, 200)
      assert.deepStrictEqual(yield* alerts, ["disk raised"])

      const forged = yield* post({ ...signed(sns.key, notification("OK")), Timestamp: "2026-01-15T11:00:00.000Z" })
      assert.strictEqual(forged.status, 403, forged.text)
      assert.include(forged.text, "/Signature: Expected the signature of Amazon SNS over this message")
      assert.deepStrictEqual(yield* alerts, ["disk raised"])
      const other = { TopicArn: "arn:aws:sns:eu-west-1:999999999999:alarms" }
      assert.strictEqual((yield* post(signed(sns.key, confirmation("SubscriptionConfirmation", other)))).status, 403)

      yield* post(signed(sns.key, notification("OK")))
      assert.deepStrictEqual(yield* alerts, ["disk cleared"])
      assert.lengthOf(sns.asked, 2)

      const ended = yield* post(signed(sns.key, confirmation("UnsubscribeConfirmation")))
      assert.include(ended.as(Taken).why, "Amazon SNS has ended the subscription")
      const kept = yield* harness.request("GET", "/v1/sources/unreadable", undefined, admin)
      assert.deepStrictEqual(
        kept.as(listOf(UnreadableBody)).items.map(({ source, why }) => `${source} ${why.split(":")[0]}`),
        ["aws /Type", "aws /TopicArn", "aws /Signature"]
      )
      const id = kept.as(listOf(UnreadableBody)).items[2]?.id
      const replayed = yield* harness.request("POST", `/v1/sources/unreadable/${id}/replay`, undefined, admin)
      assert.strictEqual(replayed.status, 409, replayed.text)

      assert.include(harness.gateway().printed(), "Confirmed a subscription of Amazon SNS")
      const said = [harness.gateway().printed(), ...harness.answers].join("\n")
      assert.notInclude(said, urlToken)
      assert.notInclude(harness.gateway().printed(), "c4n4ry")
    })
  )
})
