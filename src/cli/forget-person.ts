/** `duo-mfa forget-person`: erases one person from everything that runs have published. */
import { Clock, Effect, Option, Runtime, Schema } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { ExitCode } from "../failure/ExitCode.ts"
import * as Manifest from "../run/publish/Manifest.ts"
import type * as ManifestFile from "../run/publish/ManifestFile.ts"
import * as Recovery from "../run/publish/Recovery.ts"
import * as TrustedTarget from "../run/publish/TrustedTarget.ts"
import * as Erasure from "../run/retention/Erasure.ts"
import * as ErasureFile from "../run/retention/ErasureFile.ts"
import { newStamp } from "../run/Stamp.ts"
import { and } from "../text/And.ts"
import * as Remains from "./forget-person/Remains.ts"
import * as PipelineModules from "./shared/PipelineModules.ts"
import * as Settings from "./shared/Settings.ts"
import { shortPath } from "./shared/Summary.ts"
import * as Targets from "./shared/Targets.ts"
import { commandName } from "./terminal/CommandName.ts"
import * as Format from "./terminal/Format.ts"
import * as Stderr from "./terminal/Stderr.ts"
import * as Stdout from "./terminal/Stdout.ts"

/** Runs have published in places that this command may not use, so the person would stay there. */
export class PersonElsewhere extends Schema.TaggedError<PersonElsewhere>()("PersonElsewhere", {
  places: Schema.Array(Schema.String)
}) {
  override readonly [Runtime.errorExitCode] = ExitCode.refused
  override get message() {
    return `Runs have published in ${
      and(this.places)
    } too, where the person would stay. Nothing changed; name each of them with --sink NAME:TARGET as for extract.`
  }
}

/** Users of several tenants have this id. */
export class SeveralTenants extends Schema.TaggedError<SeveralTenants>()("SeveralTenants", {
  tenants: Schema.Array(Schema.String)
}) {
  override readonly [Runtime.errorExitCode] = ExitCode.usage
  override get message() {
    return `There are users with this id in ${
      and(this.tenants)
    }. Nothing changed; say which is meant with --tenant NAME.`
  }
}

/** No row has the id. */
export class NobodyFound extends Schema.TaggedError<NobodyFound>()("NobodyFound", {}) {
  override readonly [Runtime.errorExitCode] = ExitCode.refused
  override get message() {
    return `Nothing is stored about a user with this id: the person was erased before, or the id is wrong. Look for it with ${commandName()} sql "SELECT user_id, username FROM users_history".`
  }
}

/** The erasure of another person was interrupted. */
export class AnotherErasure extends Schema.TaggedError<AnotherErasure>()("AnotherErasure", { file: Schema.String }) {
  override readonly [Runtime.errorExitCode] = ExitCode.refused
  override get message() {
    return `The erasure of another person was interrupted: ${this.file} has the user_id. Nothing changed; run ${commandName()} forget-person with that id first. If nobody of you began it, move the file away.`
  }
}

/** Prints how many rows of each table are, or were, in each place. */
const printRows = (places: ErasureFile.OpenErasure["places"], dryRun: boolean) =>
  Stdout.print(Format.lay("table", {
    names: ["sink", "place", "table", dryRun ? "rows to erase" : "rows erased"],
    rows: places.flatMap(({ location, rows, sink }) =>
      Object.entries(rows).map(([table, count]) => [sink, shortPath(location), table, count])
    )
  }))

/** The places where runs have published, each with its sink. */
const placesOf = Effect.fnUntraced(function*(
  followed: Recovery.TrustedPlaces,
  manifests: ReadonlyArray<ManifestFile.Manifest>
) {
  const found = yield* Effect.forEach(
    TrustedTarget.placesOf(manifests),
    (target) => Effect.map(Effect.option(Recovery.trustedSink(followed, target, "")), (open) => ({ target, open }))
  )
  const unnamed = found.flatMap(({ open, target: { location, sink } }) =>
    Option.isNone(open) ? [`${sink}:${location}`] : []
  )
  if (unnamed.length > 0) return yield* new PersonElsewhere({ places: unnamed })
  const places = found.flatMap(({ open, target }) => Option.isSome(open) ? [{ ...target, open: open.value }] : [])
  for (const { location, sink } of places.filter(({ open }) => open.forget === undefined)) {
    Stderr.hint(
      `${sink}:${location} cannot erase a person. Erase the rows there yourself; until then, verify says that they differ there.`
    )
  }
  return places.filter(({ open }) => open.forget !== undefined)
})

export const forgetPerson = Command.make(
  "forget-person",
  {
    user_id: Argument.String("user-id").pipe(
      Argument.withDescription("Duo's id of the user, as in the column user_id")
    ),
    tenant: Flag.String("tenant").pipe(
      Flag.withDescription("The user's tenant; default: the only one that has a user with this id"),
      Flag.withMetavar("NAME"),
      Flag.optional
    ),
    dryRun: Flag.Boolean("dry-run").pipe(
      Flag.withDescription("Print what would be erased, and erase nothing"),
      Flag.withDefault(false)
    ),
    sink: Targets.outside,
    modules: PipelineModules.flag
  },
  Effect.fnUntraced(function*({ dryRun, modules, sink: asked, tenant, user_id }) {
    const dataDirectory = yield* Settings.dataDirectoryToRead
    const pipelines = yield* PipelineModules.knownPipelines(modules)
    const sinks = yield* Targets.resolve(dataDirectory, asked)
    const followed = { dataDirectory, sinks, findSink: yield* Targets.sinkFinder(sinks) }
    const manifests = yield* dryRun ? Manifest.make(dataDirectory) : Recovery.lockAndRecover(followed)
    const published = yield* manifests.all
    yield* Effect.forEach(published, ({ pipeline }) => PipelineModules.find(pipelines, pipeline), { discard: true })
    const places = yield* placesOf(followed, published)
    const tables = pipelines.flatMap(({ tables }) => tables).filter(Erasure.isPersonal)
    const files = yield* ErasureFile.make(dataDirectory)
    const erase = (erasure: ErasureFile.OpenErasure) =>
      Effect.andThen(
        Erasure.perform(
          dataDirectory,
          manifests,
          tables,
          (target) => Recovery.trustedSink(followed, target, erasure.run_id),
          erasure
        ),
        printRows(erasure.places, false)
      )

    const interrupted = yield* files.open
    const other = interrupted.find((erasure) => erasure.user_id !== user_id)
    if (other !== undefined) return yield* new AnotherErasure({ file: files.openFileOf(other.run_id) })
    for (const erasure of dryRun ? [] : interrupted) {
      Stderr.hint("An erasure of this person was interrupted. It is finished first.")
      yield* erase(erasure)
    }

    const counted = yield* Erasure.count(places, tables, { tenant: Option.getOrNull(tenant), user_id })
    const tenants = [...new Set(counted.flatMap(({ rows }) => rows.map(({ tenant }) => tenant)))].toSorted()
    const [only] = tenants
    if (tenants.length > 1) return yield* new SeveralTenants({ tenants })
    if (only === undefined) return yield* interrupted.length > 0 ? Effect.void : new NobodyFound()

    const person = { tenant: only, user_id }
    const { run_id } = yield* newStamp("", yield* manifests.ids)
    const at = new Date(yield* Clock.currentTimeMillis).toISOString()
    const planned = Erasure.begun(run_id, at, person, counted)
    if (dryRun) {
      yield* printRows(planned.places, true)
      return yield* Stderr.next("the same without --dry-run")
    }
    const tablesOf = (name: string) => pipelines.find((pipeline) => pipeline.name === name)?.tables ?? []
    const { found, runs } = yield* Erasure.plan(yield* manifests.all, places, tablesOf, person)
    const erasure = { ...planned, runs }
    yield* files.begin(erasure)
    yield* erase(erasure)

    const own = places.map(({ location }) => location.replace(/\?.*$/s, ""))
    const remains = yield* Remains.find(dataDirectory, own, Remains.textsOf(found, user_id))
    for (const file of remains) {
      yield* Stdout.print(
        `${shortPath(file)} may still name the person. If it is a report, make it again; if not, look at it.`
      )
    }
    yield* Stdout.print([
      `${shortPath(files.fileOf(run_id))} records the erasure, without the person.`,
      "Recordings, backups and copies elsewhere still have the person.",
      "If Duo still has the user, the next run brings the person back: delete the user in Duo first."
    ].join("\n"))
    yield* Stderr.next(`${commandName()} verify --all`)
  }, Effect.scoped)
).pipe(
  Command.withDescription("Erase one person from everything that runs have published"),
  Command.withExamples([
    {
      command: "duo-mfa forget-person DUXK3J7QH2M9ZT5LWB1C --dry-run",
      description: "How many rows of the person there are"
    },
    { command: "duo-mfa forget-person DUXK3J7QH2M9ZT5LWB1C" }
  ])
)
