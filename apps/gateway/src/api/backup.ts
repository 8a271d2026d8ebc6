import { Conflict } from "@tocsin/client"
import { AuditLog, Backups, StoreUnavailable } from "@tocsin/delivery"
import * as NodeHttpServerRequest from "@effect/platform-node/NodeHttpServerRequest"
import * as NodeStream from "@effect/platform-node/NodeStream"
import { Effect, Predicate } from "effect"
import { HttpEffect, HttpServerResponse } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import { GatewayApi } from "./GatewayApi.ts"
import { mkdtemp, open, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { downloads } from "../server/connectionLimit.ts"
import { Settings } from "../startup/settings/Settings.ts"
import { logEdit } from "./logEdit.ts"

/** `/v1/backup` */
export const BackupHandlers = HttpApiBuilder.group(
  GatewayApi,
  "backup",
  Effect.fn(function* (handlers) {
    const { copyTo } = yield* Backups
    const { store } = yield* Settings
    const audit = yield* AuditLog
    let isDownloading = false

    /** Only one download runs at a time, because a slow client keeps its copy on the disk until it has read it. */
    const claimDownload = Effect.suspend(() => {
      if (isDownloading) return alreadyDownloading
      isDownloading = true
      return Effect.void
    })
    const releaseDownload = Effect.sync(() => {
      isDownloading = false
    })

    return handlers.handleRaw("take", ({ request }) =>
      Effect.gen(function* () {
        if (copyTo === undefined || store._tag === "Postgres") {
          return yield* new Conflict({ detail: "The store is PostgreSQL. Back it up with pg_dump" })
        }
        yield* Effect.acquireRelease(claimDownload, () => releaseDownload)
        const beside = store.file === ":memory:" ? tmpdir() : dirname(store.file)
        const copy = yield* Effect.acquireRelease(copied(copyTo, join(beside, "tocsin-backup-")), (copy) =>
          Effect.promise(() => copy.close())
        )
        const { size } = yield* Effect.promise(() => copy.stat())
        yield* audit.record({ action: "downloaded", kind: "backup", subject: "" })
        yield* logEdit("A backup", "downloaded")
        downloads.add(NodeHttpServerRequest.toServerResponse(request))
        const body = NodeStream.fromReadable({
          // Of the handle, so that both know when it is closed: another file may have its number by then.
          evaluate: () => copy.createReadStream({ start: 0 }),
          onError: (error) => error
        })
        return HttpServerResponse.stream(body, {
          contentType: "application/vnd.sqlite3",
          contentLength: size,
          headers: { "content-disposition": 'attachment; filename="tocsin.db"' }
        })
      })
    )
  })
)

/** In seconds: when a client may retry while another downloads. */
const retryAfter = "60"

const alreadyDownloading = Effect.andThen(
  HttpEffect.appendPreResponseHandler((_, response) =>
    Effect.succeed(HttpServerResponse.setHeader(response, "retry-after", retryAfter))
  ),
  Effect.fail(new Conflict({ detail: "Another backup is being downloaded. Try again once it has ended" }))
)

/** A copy of the store in a temporary folder, which is removed once the file is closed. */
const copied = Effect.fnUntraced(function* (copyTo: NonNullable<Backups["Service"]["copyTo"]>, prefix: string) {
  // For the gateway's user only, as the file in it.
  const folder = yield* onDisk(() => mkdtemp(prefix))
  const file = join(folder, "tocsin.db")
  return yield* Effect.gen(function* () {
    const handle = yield* onDisk(() => open(file, "wx+", 0o600))
    yield* Effect.tapError(copyTo(file), () => Effect.promise(() => handle.close()))
    return handle
  }).pipe(Effect.ensuring(Effect.promise(() => rm(folder, { recursive: true, force: true }))))
})

const onDisk = <A>(run: () => Promise<A>) =>
  Effect.tryPromise({
    try: run,
    catch: (error) =>
      StoreUnavailable.of(Predicate.hasProperty(error, "code") && error.code === "ENOSPC" ? "DiskFull" : "DiskError")
  })
