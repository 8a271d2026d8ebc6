import { answerUnreadableCode } from "@tocsin/core"

/** Why the rest of an answer could not be read after its status. The message is for the operator. */
export class UnreadableAnswer extends Error {
  readonly code = answerUnreadableCode
}
