import { createServer, type Server } from "node:http"

/**
 * An HTTP server that ends its connections when it is closed: a caller that keeps
 * one busy is answered once more, is told that it was the last time, and does not
 * hold up the stop.
 */
export const makeServer = (): Server => {
  const server = createServer()
  let isClosing = false
  server.prependListener("request", (_, response) => {
    if (isClosing) response.setHeader("connection", "close")
  })
  const close = server.close.bind(server)
  server.close = (callback) => {
    isClosing = true
    return close(callback)
  }
  return server
}
