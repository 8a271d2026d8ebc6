export { FakeSlack, type FakeSlackAnswer, type FakeSlackMessage, type FakeSlackRequest } from "./FakeSlack.ts"
export { show } from "./show.ts"
export { validate, type ValidateOptions } from "./validate.ts"
