export { Body, bodySchema } from "./body.ts"
export { Webhook } from "./Webhook.ts"
