export { FakeSlack, type FakeSlackOptions } from "./FakeSlack.ts"
export { see } from "./see.ts"
export { show } from "./show.ts"
export { validate, type ValidateOptions } from "./validate.ts"
