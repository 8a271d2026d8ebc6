/**
 * The gateway, to be run from code of your own with the plugins that you name.
 */
export * as Gateway from "./Gateway.ts"
export { builtIn, type Given, type HasLayer, type Plugins } from "./startup/Plugins.ts"
export { Settings, StartRefused } from "./startup/Settings.ts"
