import { type Findings, noFindings } from "../domain/failurePolicy.ts"
import { maxInFlight } from "../domain/laneDecision.ts"
import type { IntegrationId } from "@tocsin/core"
import type { ReadyIntegration } from "../domain/integration.ts"
import { type LaneLog, makeLaneLog } from "./laneLog.ts"

/** The state of a lane, in memory only. */
export class LaneState {
  /** The integration, ready to be sent to; undefined until it is read, and after an edit. */
  integration: ReadyIntegration | undefined
  findings: Findings = noFindings
  /** The ids of the deliveries that are being sent. */
  readonly inFlight = new Set<string>()
  /** How many deliveries waited when the lane read its backlog, if all of them were due. */
  allDue: number | undefined
  /** How many deliveries the lane is claiming: they take slots already. */
  claiming = 0
  /** The ids of the deliveries that the lane is claiming; empty if it is claiming a digest. */
  chosen: ReadonlySet<string> = none
  /** Whether the last claim was of all that waited, so that the backlog need not be read again. */
  hasClaimedAll = false
  /** Whether the answer to a claim was lost: deliveries may be stored as `sending` although they are not being sent. */
  mayHaveUnsent = false
  /** Whether a transaction that claimed deliveries directly was not committed, or its answer was lost: the same. */
  hasLostClaims = false
  /** Whether nothing waits for the lane but what it is claiming, as far as it has read. */
  isCaughtUp = false
  /** Whether more waits by now than the lane has read: it was signalled here. */
  hasNews = false
  readonly log: LaneLog
  /** The number of the newest edit that was committed here; undefined once the lane has read it. */
  #edit: number | undefined
  #version: string | undefined

  constructor(id: IntegrationId, version: string | undefined) {
    this.log = makeLaneLog(id)
    this.#version = version
  }

  /** How many attempts may begin. */
  get freeSlots() {
    return maxInFlight - this.inFlight.size - this.claiming
  }

  /** Notes that a claim begins. Of what is accepted from here on, nothing needs to wait for it if it is of all that waits. */
  claim(deliveries: number, chosen: ReadonlySet<string> = none): void {
    this.claiming = deliveries
    this.chosen = chosen
    this.isCaughtUp = deliveries === this.allDue && !this.hasNews
  }

  /** Notes how many deliveries were claimed; undefined if it is not known. */
  claimed(deliveries: number | undefined): void {
    this.claiming = 0
    this.chosen = none
    this.mayHaveUnsent = deliveries === undefined
    this.hasClaimedAll = deliveries !== undefined && deliveries === this.allDue
    this.isCaughtUp &&= this.hasClaimedAll
  }

  /** The newest version of the integration that the lane knows of; undefined once it stops. */
  get version() {
    return this.#version
  }

  /** Whether an edit was committed here that the lane has not read yet: it begins nothing until then (O8). */
  get isOvertaken() {
    return this.#edit !== undefined
  }

  /** Notes that an edit was committed. */
  edited(edit: number): void {
    this.#edit = edit
  }

  /** Notes that the edits up to this one were read; returns whether the lane waited for them. */
  hasRead(edit: number): boolean {
    if (this.#edit === undefined || this.#edit > edit) return false
    this.#edit = undefined
    return true
  }

  /** Whether an attempt by this version of the integration affects the health of the current integration. */
  isCurrent(version: string | undefined): boolean {
    return !this.isOvertaken && version !== undefined && version === this.#version
  }

  /** Sets the current version of the integration, and returns whether it is new. An edit resets all findings. */
  update(version: string | undefined): boolean {
    if (version === this.#version) return false
    this.#version = version
    this.integration = undefined
    this.findings = noFindings
    this.log.edited()
    return true
  }
}

const none: ReadonlySet<string> = new Set()
