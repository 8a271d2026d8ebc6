export { FakeDiscord, type FakeDiscordOptions } from "./FakeDiscord.ts"
export { see } from "../see.ts"
export { validate } from "./validate.ts"
