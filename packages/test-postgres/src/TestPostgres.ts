/**
 * A real PostgreSQL for tests, from npm, on a free port; removed after the tests.
 */
import { chmodSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { createServer } from "node:net"
import { userInfo } from "node:os"
import { join } from "node:path"
import { loadEmbeddedPostgres, sharedFolder } from "./programs.ts"

/** Starts a server; `flags` are settings such as `fsync=off`. */
export const startPostgres = async (...flags: ReadonlyArray<string>) => {
  const EmbeddedPostgres = await loadEmbeddedPostgres()
  const folder = mkdtempSync(join(sharedFolder(), "tocsin-postgres-"))
  // PostgreSQL refuses to run as root, so another user runs it.
  chmodSync(folder, 0o755)
  const databaseDir = join(folder, "data")
  const port = await freePort()
  const server = new EmbeddedPostgres({
    databaseDir,
    port,
    user: "tocsin",
    password: "for-tests",
    persistent: true,
    // PostgreSQL refuses to run as root.
    createPostgresUser: userInfo().uid === 0,
    initdbFlags: ["--encoding=UTF8", "--locale=C", "--no-sync"],
    postgresFlags: ["unix_socket_directories=", "max_connections=300", ...flags].flatMap((flag) => ["-c", flag]),
    onLog: () => {},
    onError: () => {}
  })
  // Another test may be creating the user that runs it at the same time.
  await server.initialise().catch((error: unknown) => {
    if (!String(error).includes("a new user")) throw error
    return server.initialise()
  })
  await server.start()
  return {
    server,
    /** The URL of a database on it. */
    url: (database: string) => `postgres://tocsin:for-tests@127.0.0.1:${port}/${database}`,
    /** The id of its process; sessions are its children. */
    pid: () => Number.parseInt(readFileSync(join(databaseDir, "postmaster.pid"), "utf8")),
    /** Ends every session, and starts again. */
    restart: async () => {
      await server.stop()
      await server.start()
    },
    stop: async () => {
      await server.stop()
      rmSync(folder, { recursive: true, force: true })
    }
  }
}

const freePort = () =>
  new Promise<number>((resolve, reject) => {
    const server = createServer()
    server.on("error", reject)
    server.listen(0, "127.0.0.1", () => {
      const address = server.address()
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0))
    })
  })
