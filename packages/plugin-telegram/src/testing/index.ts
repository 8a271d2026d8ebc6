export { FakeTelegram, type FakeTelegramOptions } from "./FakeTelegram.ts"
export { see } from "../see.ts"
export { validate } from "./validate.ts"
