/**
 * The code of a failure of the network or of TLS, such as `ECONNRESET`; else its message, which says more than undici's
 * code.
 */
export const failureText = (error: Error): string =>
  "code" in error && typeof error.code === "string" && !error.code.startsWith("UND_") ? error.code : error.message
