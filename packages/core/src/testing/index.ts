export * as ChannelPluginTest from "./ChannelPluginTest.ts"
export * as samples from "./samples.ts"
