export { type Answer, FakeHipChat, type Request } from "./FakeHipChat.ts"
export { show } from "./show.ts"
export { validate } from "./validate.ts"
