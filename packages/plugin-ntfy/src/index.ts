export { Ntfy } from "./Ntfy.ts"
