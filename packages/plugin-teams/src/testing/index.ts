export { FakeTeams } from "./FakeTeams.ts"
export { see } from "./see.ts"
export { validate } from "./validate.ts"
