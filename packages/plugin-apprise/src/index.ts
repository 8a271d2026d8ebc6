export { Apprise } from "./Apprise.ts"
