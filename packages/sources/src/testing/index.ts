export * as SourceTest from "./SourceTest.ts"
