/** `duo-mfa verify`: reads every sink back and compares it with the manifests. */
import { Effect, Option, Path, Result, Runtime, Schema } from "effect"
import { Command, Flag } from "effect/cli"
import { ExitCode } from "../failure/ExitCode.ts"
import type { ExpectedFailure } from "../failure/ExpectedFailure.ts"
import { isSinkError, type SinkError } from "../failure/SinkError.ts"
import { collectedTables } from "../Outcome.ts"
import * as Manifest from "../run/publish/Manifest.ts"
import * as ManifestFile from "../run/publish/ManifestFile.ts"
import * as Recovery from "../run/publish/Recovery.ts"
import * as TrustedTarget from "../run/publish/TrustedTarget.ts"
import * as Erasure from "../run/retention/Erasure.ts"
import type { Sink } from "../Sink.ts"
import type { Table } from "../Table.ts"
import * as PipelineModules from "./shared/PipelineModules.ts"
import * as Settings from "./shared/Settings.ts"
import * as Targets from "./shared/Targets.ts"
import { commandName } from "./terminal/CommandName.ts"
import * as Stderr from "./terminal/Stderr.ts"
import * as Stdout from "./terminal/Stdout.ts"
import * as Findings from "./verify/Findings.ts"
import * as TableComparison from "./verify/TableComparison.ts"

/** Something that could not be read, and why. */
const Unread = Schema.Struct({ what: Schema.String, detail: Schema.String, exit: Schema.Int })

/** Something differs from what was published, or could not be read. All the rest was compared. */
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

/** There is no published run. */
export class NoRuns extends Schema.TaggedError<NoRuns>()("NoRuns", { directory: Schema.String }) {
  override readonly [Runtime.errorExitCode] = ExitCode.config
  override get message() {
    return `No run was published in ${this.directory} yet. Run ${commandName()} extract, or set DUO_MFA_DATA.`
  }
}

/** Whether a sink cannot be reached or is locked, so that it is not tried again for other tables. */
const isShut = (error: ExpectedFailure) => isSinkError(error) && ["Unreachable", "InUse"].includes(error.reason._tag)

export const verify = Command.make(
  "verify",
  {
    sink: Targets.outside,
    modules: PipelineModules.flag,
    all: Flag.Boolean("all").pipe(
      Flag.withDescription("Every run; default: the last run of each tenant and pipeline"),
      Flag.withDefault(false)
    ),
    json: Flag.Boolean("json").pipe(
      Flag.withDescription("Print one JSON object on standard output"),
      Flag.withDefault(false)
    )
  },
  Effect.fnUntraced(function*({ all, json, modules, sink: asked }) {
    const { join } = yield* Path.Path
    const dataDirectory = yield* Settings.dataDirectoryToRead
    const published = yield* (yield* Manifest.make(dataDirectory)).each
    if (published.length === 0) return yield* new NoRuns({ directory: join(dataDirectory, "runs") })
    const pipelines = yield* PipelineModules.knownPipelines(modules)
    const sinks = yield* Targets.resolve(dataDirectory, asked)
    const findSink = yield* Targets.sinkFinder(sinks)
    const runs = published.flatMap(({ manifests }) => Result.isSuccess(manifests) ? manifests.success : [])
    /** The pipelines whose old snapshots are pruned in a place, so that nobody has to delete them by hand. */
    const pruning = new Set(
      runs.flatMap(({ pipeline, sinks }) =>
        sinks.flatMap(({ location, pruned, sink }) => pruned === undefined ? [] : [`${sink} ${location} ${pipeline}`])
      )
    )
    const erasing = yield* Erasure.pending(dataDirectory)
    const looked = new Set<string>()
    const seen = new Set<string>()
    const shut = new Map<string, ExpectedFailure>()
    const differing: Array<string> = []
    const unread: Array<typeof Unread.Type> = []
    const unnamed = new Set<string>()
    const findings: Array<Findings.VerifiedTable> = []
    /** The manifest of a later run cannot be read. */
    let isUnknown = false

    const found = (finding: Findings.VerifiedTable) => {
      findings.push(finding)
      return json ? Effect.void : Findings.print(finding)
    }

    /** Keeps why something could not be read, and goes on. */
    const notVerified = (
      of: Omit<Findings.VerifiedTable, "rows" | "verdict">,
      what: string,
      error: ExpectedFailure
    ) => {
      unread.push({ what, detail: error.message, exit: error[Runtime.errorExitCode] })
      return found({ ...of, rows: 0, verdict: "not verified" })
    }

    /** Compares every table of one sink of one run. */
    const verifySink = Effect.fnUntraced(function*(
      manifest: ManifestFile.Manifest,
      { location, pruned, sink: name }: ManifestFile.Receipt,
      sink: Sink<SinkError>,
      tables: ReadonlyArray<Table>
    ) {
      const place = `${name} ${location} ${manifest.tenant} ${manifest.pipeline}`
      const isNewest = !isUnknown && !seen.has(place)
      seen.add(place)
      const expected = {
        pruned,
        isKept: isNewest || pruning.has(`${name} ${location} ${manifest.pipeline}`),
        isNewest,
        erasing: erasing.get(manifest.run_id)
      }
      for (const table of collectedTables(tables, manifest).filter((table) => sink.keeps?.(table) ?? true)) {
        const what = `${location} ${table.name} of ${manifest.run_id}`
        const of = { run_id: manifest.run_id, sink: name, location, table: table.name }
        const closed = shut.get(place)
        const compared = yield* Effect.result(
          closed === undefined
            ? TableComparison.compare(manifest, sink, location, ManifestFile.tableOf(table, manifest), expected)
            : Effect.fail(closed)
        )
        if (Result.isFailure(compared)) {
          if (isShut(compared.failure)) shut.set(place, compared.failure)
          yield* notVerified(of, what, compared.failure)
        } else {
          const { verdict } = compared.success
          if (isWrong(verdict)) differing.push(`${what} ${verdict}`)
          yield* found({ ...of, ...compared.success })
        }
      }
    })

    /** Compares every sink of one run. */
    const verifyRun = Effect.fnUntraced(function*(manifest: ManifestFile.Manifest) {
      const { run_id } = manifest
      const series = `${manifest.tenant} ${manifest.pipeline}`
      if (!all && looked.has(series)) return
      looked.add(series)
      const pipeline = yield* Effect.option(PipelineModules.find(pipelines, manifest.pipeline))
      if (Option.isNone(pipeline)) {
        unnamed.add(`runs of the pipeline ${manifest.pipeline}`)
        return
      }
      for (const receipt of manifest.sinks.filter((target) => !TrustedTarget.isStandardOutput(target))) {
        const sink = yield* Effect.option(Recovery.trustedSink({ dataDirectory, sinks, findSink }, receipt, run_id))
        if (Option.isNone(sink)) unnamed.add(`${receipt.sink}:${receipt.location}`)
        else yield* verifySink(manifest, receipt, sink.value, pipeline.value.tables)
      }
    })

    for (const { id, manifests } of published) {
      if (Result.isSuccess(manifests)) {
        yield* Effect.forEach(manifests.success.toReversed(), verifyRun, { discard: true })
      } else {
        isUnknown = true
        const location = `runs/${id}.json`
        yield* notVerified({ run_id: id, sink: "manifest", location, table: "" }, location, manifests.failure)
      }
    }
    if (erasing.size > 0) {
      Stderr.hint(`An erasure was interrupted: ${commandName()} forget-person does the rest when it is run again.`)
    }
    const failure = differing.length + unread.length + unnamed.size > 0
      ? new NotVerified({ differing, unread, unnamed: [...unnamed] })
      : undefined
    yield* json
      ? Stdout.json({
        tables: findings,
        ...failure && { error: failure._tag, message: failure.message },
        exit: failure?.[Runtime.errorExitCode] ?? ExitCode.ok
      })
      : Findings.printSummary(findings)
    if (failure !== undefined) return yield* failure
    if (!all && !json) yield* Stderr.next(`${commandName()} verify --all compares every run`)
  })
).pipe(
  Command.withDescription("Read every sink back and compare it with what was published"),
  Command.withExamples([
    { command: "duo-mfa verify", description: "The last run" },
    { command: "duo-mfa verify --all", description: "Every run, which takes longer" },
    { command: "duo-mfa verify --sink csv:/srv/duo", description: "A sink outside of the data directory, too" }
  ])
)

const isWrong = (verdict: Findings.VerifiedTable["verdict"]) => verdict === "differs" || verdict === "missing"
