export { FakeWebex } from "./FakeWebex.ts"
export { see } from "./see.ts"
export { validate } from "./validate.ts"
