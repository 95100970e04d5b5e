/** Erases a person from sinks that have a text file for each table of a round. */
import { Effect, FileSystem, Path } from "effect"
import type { SinkReason } from "../../failure/SinkError.ts"
import type { Person, PersonRows, Removal, SinkServices } from "../../Sink.ts"
import type { Table } from "../../Table.ts"
import * as Files from "../Files.ts"
import * as Rewrite from "./Rewrite.ts"

/** Whom a record is about. */
export interface About {
  readonly tenant: string
  readonly user_id: string
}

/** How the files of a sink are read. */
export interface ForgetFiles {
  /** The directory in which files are staged; those of a table are in a directory of its name below it. */
  readonly root: string
  /** How the records of a file are stored; undefined if it is not a file of the sink. */
  readonly formatOf: (file: string) => Rewrite.RecordFormat | undefined
  /** Makes a function that is given the records of a file in order, and tells whom each is about; undefined if nobody. */
  readonly reader: () => (record: string) => About | undefined
  /** Fails unless the new file and the dropped records are as many as the old file has. */
  readonly check?: (old: string, made: string, dropped: number) => Effect.Effect<void, SinkReason, SinkServices>
}

/** Whether a row is about the person. */
export const isAbout = (person: Person, about: About | undefined) =>
  about?.user_id === person.user_id && (person.tenant === null || about.tenant === person.tenant)

/** Adds up counts by tenant and table, and leaves out those without rows. */
export const sums = (counts: ReadonlyArray<PersonRows>): ReadonlyArray<PersonRows> =>
  [...Map.groupBy(counts, ({ table, tenant }) => JSON.stringify([tenant, table])).values()].flatMap((some) => {
    const rows = some.reduce((sum, one) => sum + one.rows, 0)
    return some[0] === undefined || rows === 0 ? [] : [{ ...some[0], rows }]
  })

/** Rewrites one file. The result has the counts of the dropped records. */
const forgetIn = Effect.fnUntraced(function*(
  { check, reader, root }: ForgetFiles,
  file: { readonly path: string; readonly name: string; readonly format: Rewrite.RecordFormat },
  table: string,
  person: Person,
  { dryRun, run_id }: Removal & { readonly run_id: string }
) {
  const path = yield* Path.Path
  const staged = path.join(root, Files.stagedName(`${table}.${file.name}`, run_id))
  const about = reader()
  const dropped: Array<PersonRows> = []
  yield* Rewrite.copy(file.path, dryRun ? null : staged, file.format, (record) => {
    const whom = about(record)
    if (whom === undefined || !isAbout(person, whom)) return false
    dropped.push({ tenant: whom.tenant, table, rows: 1 })
    return true
  })
  if (dryRun) return dropped
  if (dropped.length === 0) yield* Files.remove([staged])
  else {
    yield* check?.(file.path, staged, dropped.length) ?? Effect.void
    yield* Rewrite.replace(staged, file.path)
  }
  return dropped
})

/** Erases a person from all files of some tables. */
export const forget = Effect.fnUntraced(function*(
  files: ForgetFiles,
  tables: ReadonlyArray<Table>,
  person: Person,
  removal: Removal & { readonly run_id: string }
) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const counts: Array<PersonRows> = []
  for (const { name: table } of tables) {
    const folder = path.join(files.root, table)
    if (!(yield* Files.exists(folder))) continue
    for (const name of (yield* Effect.mapError(fs.readDirectory(folder), Files.reasonOf)).toSorted()) {
      const format = files.formatOf(name)
      if (format === undefined) continue
      counts.push(...yield* forgetIn(files, { path: path.join(folder, name), name, format }, table, person, removal))
    }
  }
  return sums(counts)
})
