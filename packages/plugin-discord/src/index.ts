export { Discord } from "./Discord.ts"
