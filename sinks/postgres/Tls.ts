/** The checks of TLS for a connection to PostgreSQL. */
import { Effect, FileSystem } from "effect"
import type { ConnectionOptions } from "node:tls"
import * as Files from "../../src/files/Files.ts"
import type { DatabaseTarget } from "./DatabaseTarget.ts"

/** The options of a connection; false without TLS. They hold, whatever NODE_TLS_REJECT_UNAUTHORIZED says. */
export const tls = Effect.fnUntraced(function*({ sslmode, sslrootcert }: DatabaseTarget) {
  if (sslmode === "disable") return false
  if (sslmode === "require") return { rejectUnauthorized: false }
  const trusted: ConnectionOptions = sslrootcert === undefined
    ? { rejectUnauthorized: true }
    : {
      rejectUnauthorized: true,
      ca: yield* Effect.mapError((yield* FileSystem.FileSystem).readFileString(sslrootcert), Files.reasonOf)
    }
  return sslmode === "verify-ca" ? { ...trusted, checkServerIdentity: () => undefined } : trusted
})
