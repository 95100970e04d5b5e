/** `duo-mfa verify`: reads every sink back and holds it against the manifests. */
import { Effect, Option, Path, Result, Runtime, Schema, Stream } from "effect"
import { Command, Flag } from "effect/cli"
import { ExitCode } from "../ExitCode.ts"
import * as Fingerprint from "../Fingerprint.ts"
import * as Manifest from "../Manifest.ts"
import * as Named from "../Named.ts"
import { collected, stampOf } from "../Outcome.ts"
import * as Recovery from "../Recovery.ts"
import type { Sink } from "../Sink.ts"
import * as Ndjson from "../staging/Ndjson.ts"
import type { Table } from "../Table.ts"
import * as Modules from "./Modules.ts"
import * as Settings from "./Settings.ts"
import * as Stdout from "./Stdout.ts"
import * as Targets from "./Targets.ts"

/** What a sink holds is not what it was given. */
export class NotTheSame extends Schema.TaggedError<NotTheSame>()("NotTheSame", {
  differing: Schema.Array(Schema.String)
}) {
  override readonly [Runtime.errorExitCode] = ExitCode.io
  override get message() {
    return `Not what was published: ${
      this.differing.join("; ")
    }. Somebody or something changed it; the next run publishes anew.`
  }
}

/** There is nothing to verify. */
export class NoRuns extends Schema.TaggedError<NoRuns>()("NoRuns", { directory: Schema.String }) {
  override readonly [Runtime.errorExitCode] = ExitCode.config
  override get message() {
    return `No run was published in ${this.directory} yet. Run duo-mfa extract, or set DUO_MFA_DATA.`
  }
}

/** Some sinks and runs were not looked at, because only the manifests name them. */
export class NotVerified extends Schema.TaggedError<NotVerified>()("NotVerified", {
  places: Schema.Array(Schema.String)
}) {
  override readonly [Runtime.errorExitCode] = ExitCode.refused
  override get message() {
    return `Not verified: ${
      this.places.join("; ")
    }. A manifest alone loads no module and leads nowhere outside of the data directory. Name them again: --sink NAME:TARGET as for extract, --pipeline MODULE for a pipeline that is not one of ours.`
  }
}

type Verdict = "same" | "differs" | "missing" | "no longer kept" | "cannot be read back"

/**
 * Holds one table of one sink against its manifest. Only the newest run of a tenant must still be there: a ledger keeps
 * one, and files may have been cleared away by age.
 */
const compare = Effect.fnUntraced(function*(
  manifest: Manifest.Manifest,
  { read }: Sink,
  location: string,
  table: Table,
  newest: boolean
) {
  if (read === undefined) return { verdict: "cannot be read back", rows: 0 } as const
  return yield* Effect.scoped(Effect.gen(function*() {
    const published = yield* read(location, stampOf(manifest), table)
    if (published === undefined) return { verdict: newest ? "missing" : "no longer kept", rows: 0 } as const
    const found = Fingerprint.make()
    const encode = Ndjson.encoder(table)
    yield* Stream.runForEach(published, (rows) => Effect.sync(() => found.add(encode(rows).lines)))
    const same = found.rows() === manifest.rows[table.name] && found.digest() === manifest.fingerprints[table.name]
    return { verdict: same ? "same" : "differs", rows: found.rows() } as const
  }))
})

/** A table as it was before columns came later. */
const earlier = (table: Table): Table => ({
  ...table,
  columns: table.columns.filter(({ earlier }) => earlier === null)
})

/** The same for a run of now, or of a version that had fewer columns. */
const compareAny = Effect.fnUntraced(function*(
  manifest: Manifest.Manifest,
  sink: Sink,
  location: string,
  table: Table,
  newest: boolean
) {
  const now = yield* Effect.result(compare(manifest, sink, location, table, newest))
  const isOther = Result.isFailure(now) || now.success.verdict === "differs"
  if (isOther && earlier(table).columns.length < table.columns.length) {
    const before = yield* Effect.result(compare(manifest, sink, location, earlier(table), newest))
    if (Result.isSuccess(before) && before.success.verdict === "same") return before.success
  }
  return yield* Effect.fromResult(now)
})

/** The lines of one manifest's sink, a table a line; and what is wrong. */
const lines = Effect.fnUntraced(function*(
  manifest: Manifest.Manifest,
  { location, sink: name }: Manifest.Target,
  sink: Sink,
  tables: ReadonlyArray<Table>,
  newest: boolean
) {
  const differing: Array<string> = []
  for (const table of collected(tables, manifest)) {
    const { rows, verdict } = yield* compareAny(manifest, sink, location, table, newest)
    const line = [manifest.run_id, name.padEnd(8), table.name.padEnd(13), String(rows).padStart(9), verdict]
    yield* Stdout.print(line.join("  "))
    if (isWrong(verdict)) differing.push(`${location} ${table.name} of ${manifest.run_id} ${verdict}`)
  }
  return differing
})

export const verify = Command.make(
  "verify",
  {
    sink: Flag.String("sink").pipe(
      Flag.withDescription("NAME[:TARGET] of a run, for one that is not in the data directory; repeatable"),
      Flag.atLeast(0)
    ),
    modules: Modules.flag
  },
  Effect.fnUntraced(function*({ modules, sink: asked }) {
    const { join } = yield* Path.Path
    const dataDirectory = yield* Settings.dataDirectory
    const manifests = yield* (yield* Manifest.make(dataDirectory)).all
    if (manifests.length === 0) return yield* new NoRuns({ directory: join(dataDirectory, "runs") })
    const pipelines = yield* Modules.known(modules)
    const sinks = yield* Targets.resolve(dataDirectory, asked)
    const findSink = yield* Targets.finding(sinks)
    const seen = new Set<string>()
    const differing: Array<string> = []
    const skipped = new Set<string>()
    for (const manifest of manifests) {
      const pipeline = yield* Effect.option(Modules.find(pipelines, manifest.pipeline))
      if (Option.isNone(pipeline)) {
        skipped.add(`runs of the pipeline ${manifest.pipeline}`)
        continue
      }
      for (const receipt of manifest.sinks.filter((target) => !Named.isStandardOutput(target))) {
        const sink = yield* Effect.option(Recovery.follow({ dataDirectory, sinks, findSink }, receipt, manifest.run_id))
        if (Option.isNone(sink)) {
          skipped.add(`${receipt.sink}:${receipt.location}`)
          continue
        }
        const place = `${receipt.sink} ${receipt.location} ${manifest.tenant} ${manifest.pipeline}`
        const newest = !seen.has(place)
        seen.add(place)
        differing.push(...yield* lines(manifest, receipt, sink.value, pipeline.value.tables, newest))
      }
    }
    if (differing.length > 0) return yield* new NotTheSame({ differing })
    if (skipped.size > 0) return yield* new NotVerified({ places: [...skipped] })
  })
).pipe(Command.withDescription("Read every sink back and hold it against the manifests"))

const isWrong = (verdict: Verdict) => verdict === "differs" || verdict === "missing"
