import { type IncomingMessage, ServerResponse } from "node:http"

/**
 * A response that goes to the socket in one write if its whole body is one text: Node joins the headers and the body
 * only while it does not compare the body with its `Content-Length`, which Effect computes from that body.
 */
export class SingleWriteResponse<Request extends IncomingMessage = IncomingMessage> extends ServerResponse<Request> {
  override end(...given: Array<any>): this {
    if (typeof given[0] === "string") this.strictContentLength = false
    return super.end(...(given as [any, any, any]))
  }
}
