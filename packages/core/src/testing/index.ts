export * as ChannelPluginTest from "./ChannelPluginTest.ts"
export * as generated from "./generated.ts"
export * as samples from "./samples.ts"
export { settingsTable } from "./settingsTable.ts"
