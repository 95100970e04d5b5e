/** `duo-mfa worker`: a member of a fleet, which shares the work of many tenants through a PostgreSQL database. */
import { ConfigProvider, Effect, FileSystem, Option, Runtime, Schema } from "effect"
import { Command, Flag } from "effect/cli"
import { allowsLoopback } from "../duo/http/Credentials.ts"
import { ExitCode } from "../failure/ExitCode.ts"
import { freePort } from "../http/FreePort.ts"
import { Progress } from "../run/Progress.ts"
import { version } from "../Version.ts"
import { positive } from "./extract/Flags.ts"
import * as Tenants from "./extract/Tenants.ts"
import * as TenantsFile from "./extract/TenantsFile.ts"
import * as FleetFlags from "./fleet/FleetFlags.ts"
import * as PipelineModules from "./shared/PipelineModules.ts"
import { Plugins } from "./shared/Plugins.ts"
import * as Settings from "./shared/Settings.ts"
import * as Targets from "./shared/Targets.ts"

/** The flags do not make a worker. */
export class CannotWork extends Schema.TaggedError<CannotWork>()("CannotWork", { detail: Schema.String }) {
  override readonly [Runtime.errorExitCode] = ExitCode.usage
  override get message() {
    return `The worker cannot start: ${this.detail}`
  }
}

/** The fleet was asked for a tenant that this worker does not know. */
export class NotListed extends Schema.TaggedError<NotListed>()("NotListed", {
  tenant: Schema.String,
  file: Schema.String
}) {
  override readonly [Runtime.errorExitCode] = ExitCode.config
  override get message() {
    return `${this.tenant} is not in ${this.file} of the worker that got it. Give every worker the same list.`
  }
}

/** Reads the list of tenants, again whenever it has changed. */
const listIn = (file: string) => {
  let known: { readonly changed: number; readonly byName: ReadonlyMap<string, TenantsFile.ListedTenant> } | undefined
  return Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    const changed = yield* fs.stat(file).pipe(
      Effect.map(({ mtime }) => Option.match(mtime, { onNone: () => NaN, onSome: (at) => at.getTime() })),
      Effect.orElseSucceed(() => NaN)
    )
    if (known?.changed === changed) return known.byName
    const tenants = yield* TenantsFile.read(file, yield* allowsLoopback)
    const byName = new Map(tenants.map((tenant) => [tenant.name, tenant]))
    known = { changed, byName }
    return byName
  })
}

/** The targets of the worker, which must not be folders of this machine. */
const sharedTargets = Effect.fnUntraced(function*(dataDirectory: string, asked: ReadonlyArray<string>) {
  const catalog = yield* Plugins
  const targets = yield* Targets.resolve(dataDirectory, asked)
  for (const { sink } of targets) {
    if ((yield* catalog.findSink(sink)).locate === undefined) {
      return yield* new CannotWork({
        detail: `--sink ${sink} is a place on this machine, and the workers of a fleet share one. Use postgres or s3.`
      })
    }
  }
  return targets
})

export const worker = Command.make(
  "worker",
  {
    tenants: FleetFlags.tenants,
    sink: Flag.String("sink").pipe(
      Flag.withDescription("Where rows go, repeatable: postgres:TARGET or s3:TARGET; it has no default"),
      Flag.withMetavar("NAME:TARGET"),
      Flag.atLeast(1)
    ),
    database: FleetFlags.database,
    address: Flag.String("address").pipe(
      Flag.withDescription(
        "Where the other workers reach this one. Only they may reach it; default 127.0.0.1 and any free port"
      ),
      Flag.withMetavar("HOST:PORT"),
      Flag.filterMap(
        (text) => {
          const [, host = "", port = ""] = /^(.+):(\d{1,5})$/.exec(text) ?? []
          return host === "" || Number(port) > 65_535 ? Option.none() : Option.some({ host, port: Number(port) })
        },
        () => "Expected HOST:PORT, such as 10.0.0.5:34431"
      ),
      Flag.optional
    ),
    atOnce: Flag.Int("at-once").pipe(
      Flag.withDescription("How many tenants are read at once; default 4"),
      Flag.withMetavar("N"),
      Flag.withSchema(positive(64)),
      Flag.withDefault(4)
    ),
    pii: Flag.Literals("pii", ["keep", "drop"]).pipe(
      Flag.withDescription("Personal columns as they are, or as NULL; default keep"),
      Flag.withMetavar("HOW"),
      Flag.withDefault("keep")
    )
  },
  Effect.fnUntraced(function*({ address, atOnce, database, pii, sink, tenants: file }) {
    const { work } = yield* Effect.promise(() => import("../fleet/Worker.ts"))
    yield* Settings.warn
    const dataDirectory = yield* Settings.dataDirectory
    const sinks = yield* sharedTargets(dataDirectory, sink)
    const catalog = yield* Plugins
    const others = yield* ConfigProvider.ConfigProvider
    const list = listIn(file)
    yield* list
    return yield* work(
      database,
      Option.isSome(address) ? address.value : { host: "127.0.0.1", port: yield* freePort },
      {
        atOnce,
        dataDirectory,
        sinks,
        findSink: yield* Targets.sinkFinder(sinks),
        toolVersion: version,
        pageSize: undefined,
        concurrency: 4,
        personal: pii,
        // what is not built in would be code that somebody names from outside
        findPipeline: (name) => Effect.flatMap(catalog.pipelines, (pipelines) => PipelineModules.find(pipelines, name)),
        pipelineFor: Effect.fnUntraced(function*(pipeline, name) {
          const tenant = (yield* list).get(name)
          if (tenant === undefined) return yield* new NotListed({ tenant: name, file })
          const { settings } = Tenants.withSettings(tenant, false, others)
          return {
            ...pipeline,
            connect: Effect.provideContext(pipeline.connect, settings)
          }
        })
      }
    ).pipe(Effect.provideService(Progress, () => Effect.void))
  })
).pipe(
  Command.withDescription("Join a fleet of machines that read many tenants together; submit hands it work"),
  Command.withExamples([
    {
      command: "duo-mfa worker --tenants customers.toml --sink postgres",
      description: "The same on every machine, with PGHOST, PGUSER and PGDATABASE"
    }
  ])
)
