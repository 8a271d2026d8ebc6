export { FakePagerDuty } from "./FakePagerDuty.ts"
export { see } from "../see.ts"
export { validate } from "./validate.ts"
