export { GoogleChat } from "./GoogleChat.ts"
