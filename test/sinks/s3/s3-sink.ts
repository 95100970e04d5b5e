/** Shared by the tests of the sink for S3: a server per file, a folder of the bucket per test. */
import { afterAll, beforeAll } from "@effect/vitest"
import { createHash } from "node:crypto"
import { credentials, hasServer, start, type StoreServer } from "../../support/servers/moto-server.ts"

export { hasServer } from "../../support/servers/moto-server.ts"

/** Starts a server before the tests of a file, and stops it after them. The client finds its credentials meanwhile. */
export const serverOfFile = () => {
  let server: StoreServer
  const before = { ...process.env }
  beforeAll(async () => {
    if (hasServer) server = await start()
    Object.assign(process.env, credentials)
  }, 120_000)
  afterAll(async () => {
    for (const name of Object.keys(credentials)) {
      if (before[name] === undefined) delete process.env[name]
      else process.env[name] = before[name]
    }
    await server?.stop()
  })
  return () => server
}

/** The folder of one test. */
export const prefixFor = (name: string) => `of/${createHash("sha256").update(name).digest("hex").slice(0, 12)}`
