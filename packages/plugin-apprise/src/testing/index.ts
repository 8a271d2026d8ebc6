export { FakeApprise } from "./FakeApprise.ts"
export { see } from "../see.ts"
export { validate } from "./validate.ts"
