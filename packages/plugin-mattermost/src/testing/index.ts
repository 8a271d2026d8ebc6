export { FakeMattermost } from "./FakeMattermost.ts"
export { see } from "./see.ts"
export { validate } from "./validate.ts"
