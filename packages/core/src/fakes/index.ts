export { client } from "./client.ts"
export * as FakePage from "./FakePage.ts"
export * as FakeServer from "./FakeServer.ts"
export {
  type Answer,
  type Behaviour,
  FakeService,
  type Reply,
  type Message,
  type Misbehaviour,
  type Peer,
  misbehaviours,
  type Request,
  type Channel,
  type Shown
} from "./FakeService.ts"
export { run } from "./command.ts"
export * as RateLimit from "./RateLimit.ts"
export { spansText } from "./spansText.ts"
