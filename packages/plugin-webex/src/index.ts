export { Webex } from "./Webex.ts"
