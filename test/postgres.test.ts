/** The sink for PostgreSQL, against a server of the tests' own. */
import { afterAll, beforeAll, describe } from "@effect/vitest"
import { createHash } from "node:crypto"
import postgres from "../sinks/postgres.ts"
import { sinkLaws } from "./contract.ts"
import { binaries, locationOf, reader, type Server, start, tree } from "./postgres-server.ts"

let server: Server

const hasServer = binaries !== undefined
beforeAll(async () => {
  if (hasServer) server = await start()
}, 120_000)
afterAll(() => server?.stop())

const at = () => server

describe.skipIf(!hasServer)("with a PostgreSQL", () => {
  sinkLaws({
    ...postgres,
    location: (directory) =>
      locationOf(server, { schema: `of_${createHash("sha256").update(directory).digest("hex").slice(0, 12)}` })
  }, {
    read: reader(at),
    earliest: -62_135_596_800_000_000n,
    elsewhere: {
      tree: tree(at),
      unwritable: () => [
        locationOf(server, { database: "nowhere" }),
        locationOf(server, { user: "stranger" }),
        locationOf(server, { user: "locked" })
      ]
    }
  })
})
