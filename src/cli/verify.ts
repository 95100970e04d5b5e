/** `duo-mfa verify`: reads every sink back and holds it against the manifests. */
import { Effect, Option, Path, Result, Runtime, Schema } from "effect"
import { Command, Flag } from "effect/cli"
import * as Fingerprint from "../duckdb/Fingerprint.ts"
import { ExitCode } from "../failure/ExitCode.ts"
import type { ExpectedFailure } from "../failure/ExpectedFailure.ts"
import { isSinkError, type SinkError } from "../failure/SinkError.ts"
import { collected, stampOf } from "../Outcome.ts"
import * as Manifest from "../run/publish/Manifest.ts"
import * as Recovery from "../run/publish/Recovery.ts"
import { errorAt } from "../run/publish/SinkLocation.ts"
import * as TrustedTarget from "../run/publish/TrustedTarget.ts"
import type { Sink } from "../Sink.ts"
import { fromTypes, type Table } from "../Table.ts"
import * as PipelineModules from "./shared/PipelineModules.ts"
import * as Settings from "./shared/Settings.ts"
import * as Targets from "./shared/Targets.ts"
import * as Stdout from "./terminal/Stdout.ts"

/** What could not be looked at, and why. */
const Unread = Schema.Struct({ what: Schema.String, detail: Schema.String, exit: Schema.Int })

/** Not all is as it was published, or not all could be looked at; everything else was. */
export class NotVerified extends Schema.TaggedError<NotVerified>()("NotVerified", {
  differing: Schema.Array(Schema.String),
  unread: Schema.Array(Unread),
  /** Sinks and runs that only the manifests name. */
  unnamed: Schema.Array(Schema.String)
}) {
  override readonly [Runtime.errorExitCode] = this.differing.length > 0
    ? ExitCode.io
    : this.unread.at(0)?.exit ?? ExitCode.refused
  override get message() {
    const { differing, unnamed, unread: [first, ...others] } = this
    return [
      ...differing.length === 0 ? [] : [
        `Not what was published: ${
          differing.join("; ")
        }. Somebody or something changed it; the next run publishes anew.`
      ],
      ...first === undefined ? [] : [
        `Not verified: ${[first, ...others].map(({ what }) => what).join("; ")}. ${first.detail}`
      ],
      ...unnamed.length === 0 ? [] : [
        `Not verified: ${
          unnamed.join("; ")
        }. A manifest alone loads no module and leads nowhere outside of the data directory. Name them again: --sink NAME:TARGET as for extract, --pipeline MODULE for a pipeline that is not one of ours.`
      ]
    ].join(" ")
  }
}

/** There is nothing to verify. */
export class NoRuns extends Schema.TaggedError<NoRuns>()("NoRuns", { directory: Schema.String }) {
  override readonly [Runtime.errorExitCode] = ExitCode.config
  override get message() {
    return `No run was published in ${this.directory} yet. Run duo-mfa extract, or set DUO_MFA_DATA.`
  }
}

type Verdict = "same" | "differs" | "missing" | "no longer kept" | "cannot be read back" | "not verified"

/** Nobody answers there, or another process has it: it is not asked again. */
const isShut = (error: ExpectedFailure) => isSinkError(error) && ["Unreachable", "Held"].includes(error.reason._tag)

/**
 * Holds one table of one sink against its manifest. Only the newest run of a tenant must still be there: a ledger keeps
 * one, and files may have been cleared away by age.
 */
const compare = Effect.fnUntraced(function*(
  manifest: Manifest.Manifest,
  { name, read }: Sink<SinkError>,
  location: string,
  table: Table,
  newest: boolean
) {
  if (read === undefined) return { verdict: "cannot be read back", rows: 0 } as const
  return yield* Effect.scoped(Effect.gen(function*() {
    const published = yield* read(location, stampOf(manifest), table)
    if (published === undefined) return { verdict: newest ? "missing" : "no longer kept", rows: 0 } as const
    const { digest, rows } = yield* Fingerprint.ofPublished(published, table, manifest.fingerprint_algorithm).pipe(
      Effect.mapError(errorAt(name, location))
    )
    const same = rows === manifest.rows[table.name] && digest === manifest.fingerprints[table.name]
    return { verdict: same ? "same" : "differs", rows } as const
  }))
})

/** A table with the columns that it had in that run; one of format 0 does not say which, and had none that came later. */
const tableOf = (table: Table, { columns, format }: Manifest.Manifest) =>
  format === 0
    ? { ...table, columns: table.columns.filter(({ earlier }) => earlier === null) }
    : fromTypes(table.name, columns[table.name] ?? {})

const print = (run_id: string, sink: string, table: string, rows: number, verdict: Verdict) =>
  Stdout.print([run_id, sink.padEnd(8), table.padEnd(13), String(rows).padStart(9), verdict].join("  "))

export const verify = Command.make(
  "verify",
  {
    sink: Flag.String("sink").pipe(
      Flag.withDescription("A sink outside of the data directory that runs have written to; repeatable"),
      Flag.withMetavar("NAME[:TARGET]"),
      Flag.atLeast(0)
    ),
    modules: PipelineModules.flag
  },
  Effect.fnUntraced(function*({ modules, sink: asked }) {
    const { join } = yield* Path.Path
    const dataDirectory = yield* Settings.dataDirectory
    const published = yield* (yield* Manifest.make(dataDirectory)).each
    if (published.length === 0) return yield* new NoRuns({ directory: join(dataDirectory, "runs") })
    const pipelines = yield* PipelineModules.knownPipelines(modules)
    const sinks = yield* Targets.resolve(dataDirectory, asked)
    const findSink = yield* Targets.finding(sinks)
    const seen = new Set<string>()
    const shut = new Map<string, ExpectedFailure>()
    const differing: Array<string> = []
    const unread: Array<typeof Unread.Type> = []
    const unnamed = new Set<string>()
    /** There is a later run of which nothing can be told. */
    let isUnknown = false

    const pass = (what: string, error: ExpectedFailure) => {
      unread.push({ what, detail: error.message, exit: error[Runtime.errorExitCode] })
    }

    /** One sink of one run, a table a line. */
    const verifySink = Effect.fnUntraced(function*(
      manifest: Manifest.Manifest,
      { location, sink: name }: Manifest.Target,
      sink: Sink<SinkError>,
      tables: ReadonlyArray<Table>
    ) {
      const place = `${name} ${location} ${manifest.tenant} ${manifest.pipeline}`
      const newest = !isUnknown && !seen.has(place)
      seen.add(place)
      for (const table of collected(tables, manifest)) {
        const what = `${location} ${table.name} of ${manifest.run_id}`
        const found = shut.get(place)
        const compared = yield* Effect.result(
          found === undefined
            ? compare(manifest, sink, location, tableOf(table, manifest), newest)
            : Effect.fail(found)
        )
        if (Result.isFailure(compared)) {
          if (isShut(compared.failure)) shut.set(place, compared.failure)
          pass(what, compared.failure)
          yield* print(manifest.run_id, name, table.name, 0, "not verified")
        } else {
          const { rows, verdict } = compared.success
          if (isWrong(verdict)) differing.push(`${what} ${verdict}`)
          yield* print(manifest.run_id, name, table.name, rows, verdict)
        }
      }
    })

    for (const { manifest: read, run_id } of published) {
      if (Result.isFailure(read)) {
        isUnknown = true
        pass(`runs/${run_id}.json`, read.failure)
        yield* print(run_id, "manifest", "", 0, "not verified")
        continue
      }
      const manifest = read.success
      const pipeline = yield* Effect.option(PipelineModules.find(pipelines, manifest.pipeline))
      if (Option.isNone(pipeline)) {
        unnamed.add(`runs of the pipeline ${manifest.pipeline}`)
        continue
      }
      for (const receipt of manifest.sinks.filter((target) => !TrustedTarget.isStandardOutput(target))) {
        const sink = yield* Effect.option(Recovery.follow({ dataDirectory, sinks, findSink }, receipt, run_id))
        if (Option.isNone(sink)) unnamed.add(`${receipt.sink}:${receipt.location}`)
        else yield* verifySink(manifest, receipt, sink.value, pipeline.value.tables)
      }
    }
    if (differing.length + unread.length + unnamed.size > 0) {
      return yield* new NotVerified({ differing, unread, unnamed: [...unnamed] })
    }
  })
).pipe(
  Command.withDescription("Read every sink back and compare it with what was published"),
  Command.withExamples([
    { command: "duo-mfa verify" },
    { command: "duo-mfa verify --sink csv:/srv/duo", description: "A sink outside of the data directory, too" }
  ])
)

const isWrong = (verdict: Verdict) => verdict === "differs" || verdict === "missing"
