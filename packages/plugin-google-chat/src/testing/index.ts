export { FakeGoogleChat } from "./FakeGoogleChat.ts"
export { see } from "./see.ts"
export { validate } from "./validate.ts"
