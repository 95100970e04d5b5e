/** Starts the server of pages. */
import { Effect, FileSystem, Schema } from "effect"
import * as Processes from "./Processes.ts"

const Servers = Schema.fromJsonString(Schema.Array(Schema.Struct({ users: Schema.Int, host: Schema.String })))

/** The keys look like keys; the server does not check them. */
const tenantAt = (host: string): Processes.Tenant => ({ host, ikey: "DIBENCHBENCHBENCHBEN", skey: "b".repeat(40) })

/** Starts the server of pages, one host for each size. */
export const serve = Effect.fnUntraced(function*(sizes: ReadonlyArray<number>) {
  const fs = yield* FileSystem.FileSystem
  const directory = yield* fs.makeTempDirectoryScoped({ prefix: "duo-mfa-bench-pages-" })
  const line = yield* Processes.serve(`${import.meta.dirname}/serve-pages.ts`, [directory, ...sizes.map(String)])
  const hosts = yield* Schema.decodeEffect(Servers)(line)
  return hosts.map(({ host, users }) => ({ users, tenant: tenantAt(host) }))
})
