/**
 * The gateway as a library, to run with plugins of your choice.
 */
export * as Gateway from "./Gateway.ts"
export { builtIn, type Given, type HasLayer, type Plugins } from "./startup/Plugins.ts"
export { Settings, StartRefused } from "./startup/settings/Settings.ts"
