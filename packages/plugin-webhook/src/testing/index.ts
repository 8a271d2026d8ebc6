export { FakeWebhook } from "./FakeWebhook.ts"
export { see } from "./see.ts"
