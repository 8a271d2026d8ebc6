export { PagerDuty } from "./PagerDuty.ts"
