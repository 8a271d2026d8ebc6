export { FakeNtfy, type FakeNtfyOptions } from "./FakeNtfy.ts"
export { see } from "../see.ts"
export { validate } from "./validate.ts"
