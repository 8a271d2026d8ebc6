import type { AuditEntry as EntryJson } from "@tocsin/client"
import { type AuditEntry, AuditLog } from "@tocsin/delivery"
import { DateTime, Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { GatewayApi } from "../GatewayApi.ts"
import { boundedPage } from "../pagination.ts"

/** `/v1/audit` */
export const AuditHandlers = HttpApiBuilder.group(
  GatewayApi,
  "audit",
  Effect.fn(function* (handlers) {
    const audit = yield* AuditLog

    return handlers.handleAll({
      list: Effect.fnUntraced(function* ({ query: { after, id, kind, limit = 100 } }) {
        const page = yield* audit.list({ kind, subject: id, before: after, limit })
        return boundedPage(page, page.items.map(entryJson))
      })
    })
  })
)

const entryJson = ({ action, after, at, author, before, kind, subject }: AuditEntry): typeof EntryJson.Type => ({
  at: DateTime.makeUnsafe(at),
  by: author.actor,
  ...(author.keyId !== undefined && { key: author.keyId }),
  address: author.address,
  action,
  kind,
  id: subject,
  ...(before !== undefined && { before }),
  ...(after !== undefined && { after })
})
