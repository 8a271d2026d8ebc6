export type { Decoded } from "./Decoded.ts"
export { parseJson } from "./parseJson.ts"
export * as ThousandEyes from "./ThousandEyes.ts"
