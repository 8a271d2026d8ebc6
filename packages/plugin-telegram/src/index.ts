export { Telegram } from "./Telegram.ts"
