export { FakeHipChat, type FakeHipChatOptions } from "./FakeHipChat.ts"
export { see } from "./see.ts"
export { show } from "./show.ts"
export { validate } from "./validate.ts"
