export { Teams } from "./Teams.ts"
