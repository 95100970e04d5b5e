/** The laws share this: a test describes its sink, and gets places where the sink can write and checks of its rows. */
import { assert, type Vitest } from "@effect/vitest"
import { Effect, FileSystem, type Scope } from "effect"
import { withLocation } from "../../src/run/publish/SinkLocation.ts"
import type { PublishedRun, Sink, SinkRun, SinkServices } from "../../src/Sink.ts"
import type { Batch, Table } from "../../src/Table.ts"
import { comparable, readBack, type Reader, type Tree, tree } from "./published.ts"
import { plain, rowsOf, tables } from "./rows.ts"

/** Functions for a sink whose rows are not in files below its location. */
export interface Elsewhere {
  /** Everything there, as if it were files of mode 0600. Staged ones have `.RUN_ID.part` in their names. */
  readonly tree: (location: string) => Effect.Effect<Tree, unknown, SinkServices | Scope.Scope>
  /** Locations that cannot be written. */
  readonly unwritable: () => ReadonlyArray<string>
}

export interface LawOptions {
  /** Reads the published rows with code that the sink does not use. */
  readonly read: Reader
  readonly elsewhere?: Elsewhere
  /** Directories above the location, for a sink that writes files. Their names must not change the rows. */
  readonly below?: string
  /**
   * The earliest instant that the sink can store, if it cannot store all 64-bit numbers. Duo's are in the years 1 to
   * 9999.
   */
  readonly earliest?: bigint
}

/** A sink, places where it can write, and checks of what it published there. */
export const groundOf = (given: Sink, { below = "", earliest, elsewhere, read: reader }: LawOptions) => {
  const sink = withLocation(given)
  /** A location that does not exist yet, in a directory of its own. */
  const place = Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    const directory = yield* fs.makeTempDirectoryScoped({ prefix: "duo-mfa-sink-" })
    const location = sink.location(`${directory}/${below}data`)
    return { directory, location, look: elsewhere === undefined ? tree(directory) : elsewhere.tree(location) }
  })
  const read = (location: string, run: SinkRun, table: Table, round: PublishedRun["round"] = null) =>
    Effect.map(
      Effect.scoped(reader(location, { ...run, round }, table)),
      // the file of a round has the rows of all its runs
      (rows) => comparable(round === null ? rows : rows.filter(({ run_id }) => run_id === run.run_id))
    )

  const assertPublished = Effect.fnUntraced(function*(
    location: string,
    run: SinkRun,
    rows: Batch,
    round: PublishedRun["round"] = null
  ) {
    for (const table of tables) {
      const expected = comparable(rows[table.name] ?? [])
      assert.deepStrictEqual(yield* read(location, run, table, round), expected)
      assert.deepStrictEqual(comparable((yield* readBack(sink, location, run, table, round)) ?? []), expected)
    }
  })
  const some = (run: SinkRun, first = 0): Batch => ({
    things: rowsOf(run, [plain, { ...plain, note: "second" }], first),
    others: rowsOf(run, [plain], first)
  })

  return { sink, earliest, elsewhere, place, read, assertPublished, some }
}

export type Ground = ReturnType<typeof groundOf>

/** What a law registers its test with. */
export type It = Vitest.MethodsNonLive<SinkServices>
