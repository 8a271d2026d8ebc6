export { Email } from "./Email.ts"
