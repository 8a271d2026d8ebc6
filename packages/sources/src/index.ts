export type { Decoded } from "./Decoded.ts"
export { parseJson, readNumber } from "./parseJson.ts"
export * as ThousandEyes from "./ThousandEyes.ts"
