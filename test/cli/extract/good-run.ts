/** A folder in which one good run was made, for tests of what later runs must leave as it is. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { afterAll, assert, beforeAll } from "@effect/vitest"
import { Effect, FileSystem } from "effect"
import { cpSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { serve } from "../../../src/emulator/server/Emulator.ts"
import { contents, program, settings } from "../../support/processes/program.ts"

/** How many users the good run has. */
export const users = 120

/** Makes the folder once for all tests of a file. The result gives each test a copy of it. */
export const keepGoodRun = () => {
  let good = ""

  beforeAll(async () => {
    good = mkdtempSync(join(tmpdir(), "duo-mfa-"))
    const ended = await Effect.runPromise(
      Effect.scoped(
        Effect.flatMap(serve({ people: "hostile", users }), (duo) => program(good, ["extract"], settings(duo)))
      )
    )
    assert.strictEqual(ended.code, 0, ended.stderr)
  })

  afterAll(() => rmSync(good, { recursive: true }))

  /** A copy of that folder, and what failed runs must leave as it is. */
  return <A, E, R>(
    test: (folder: string, before: ReturnType<typeof contents>) => Effect.Effect<A, E, R>
  ) =>
    Effect.gen(function*() {
      const folder = yield* (yield* FileSystem.FileSystem).makeTempDirectoryScoped()
      cpSync(good, folder, { recursive: true })
      return yield* test(folder, contents(folder))
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
}
