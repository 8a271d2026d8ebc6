export type { Decoded } from "./Decoded.ts"
export * as ThousandEyes from "./ThousandEyes.ts"
