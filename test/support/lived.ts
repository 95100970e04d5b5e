/** A data directory in which runs were published for some months, made once for all tests of a file. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { afterAll, beforeAll } from "@effect/vitest"
import { Effect, FileSystem } from "effect"
import { cpSync, mkdtempSync, renameSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Tenant from "../../src/emulator/people/Tenant.ts"
import { runAt } from "../known/ledger.ts"
import { codesOn, usersOn } from "../known/scene.ts"
import { everySink } from "../torture/support/InProcess.ts"

/** The instants of the runs, and the day of the scene that each of them sees. */
const runs = [
  [Date.UTC(2026, 7, 10, 9), 1],
  [Date.UTC(2026, 7, 20, 9), 1],
  [Date.UTC(2026, 8, 5, 9), 2],
  [Date.UTC(2026, 9, 31, 9), 2],
  [Date.UTC(2026, 10, 1, 9), 4],
  [Date.UTC(2026, 10, 1, 12), 4],
  [Date.UTC(2026, 10, 2, 9), 8],
  [Date.UTC(2026, 10, 4, 9), 8]
] as const

/**
 * Makes the directory before the tests of a file, with all of these runs or only the last ones. Files that run at the same time
 * need different ports.
 */
export const livedAt = (port: number, sinks: ReadonlyArray<string>, runsMax: number = runs.length) => {
  let good = ""
  beforeAll(async () => {
    good = mkdtempSync(join(tmpdir(), "duo-mfa-lived-"))
    const data = `${good}/data`
    const lived = Effect.forEach(runs.slice(-runsMax), ([instant, day]) =>
      runAt(
        data,
        instant,
        { port, tenant: Tenant.fromUsers(usersOn(day), codesOn(day)) },
        everySink(data).filter(({ sink }) => sinks.includes(sink))
      ))
    await Effect.runPromise(Effect.provide(lived, NodeServices.layer))
  }, 120_000)
  afterAll(() => rmSync(good, { recursive: true }))

  /** Runs a test in the directory where the runs were, and puts it back afterwards. */
  return <A, E, R>(test: (data: string, folder: string) => Effect.Effect<A, E, R>) =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const away = yield* fs.makeTempDirectoryScoped({ prefix: "duo-mfa-lived-" })
      // the manifests have the paths of the files
      cpSync(`${good}/data`, `${away}/data`, { recursive: true })
      return yield* test(`${good}/data`, good).pipe(
        Effect.ensuring(Effect.sync(() => {
          rmSync(`${good}/data`, { recursive: true })
          renameSync(`${away}/data`, `${good}/data`)
        }))
      )
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
}
