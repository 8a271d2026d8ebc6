export { Mattermost } from "./Mattermost.ts"
