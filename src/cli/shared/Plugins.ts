/** Finds pipelines and sinks: each file in `pipelines/` or `sinks/` is one, and has the name of its file. */
import { Context, Effect, FileSystem, Layer, Path, Predicate, Runtime, Schema } from "effect"
import { ExitCode } from "../../failure/ExitCode.ts"
import type { ExpectedFailure } from "../../failure/ExpectedFailure.ts"
import type { Pipeline } from "../../Pipeline.ts"
import type { Sink } from "../../Sink.ts"
import * as Suggestion from "../../text/Suggestion.ts"

/** A pipeline or sink that is not built in, or whose module cannot be used. */
export class UnknownPlugin extends Schema.TaggedError<UnknownPlugin>()("UnknownPlugin", {
  kind: Schema.Literals(["pipeline", "sink"]),
  name: Schema.String,
  /** Why it cannot be used; undefined if its name is not known. */
  detail: Schema.UndefinedOr(Schema.String),
  /** The names that are built in. */
  names: Schema.Array(Schema.String)
}) {
  override readonly [Runtime.errorExitCode] = ExitCode.usage
  override get message() {
    return this.detail === undefined
      ? Suggestion.unknown(this.kind, this.name, this.names)
      : `Unknown ${this.kind} "${this.name}": ${this.detail}. See duo-mfa ${this.kind}s.`
  }
}

export class Plugins extends Context.Service<Plugins, {
  readonly pipelines: Effect.Effect<ReadonlyArray<Pipeline>, ExpectedFailure>
  readonly sinks: Effect.Effect<ReadonlyArray<Sink>, ExpectedFailure>
  readonly findPipeline: (name: string) => Effect.Effect<Pipeline, ExpectedFailure>
  /** By the name of a file in `sinks/`, or by a module specifier: a path, or a package's name. */
  readonly findSink: (name: string) => Effect.Effect<Sink, ExpectedFailure>
  /** By the name of a file in `sinks/` only, for names that do not come from the command line. */
  readonly ownSink: (name: string) => Effect.Effect<Sink, ExpectedFailure>
  /** The folder of the named queries. */
  readonly queries: string
  /** The folder of the policies. */
  readonly policies: string
}>()("duo-mfa/cli/Plugins") {
  /** `root` is the folder that `pipelines/` and `sinks/` are in: a checkout, or what was made of it for npm. */
  static readonly layer = (root: URL) =>
    Layer.effect(
      Plugins,
      Effect.gen(function*() {
        const fs = yield* FileSystem.FileSystem
        const path = yield* Path.Path
        const isModule = /^[^.]+\.[jt]s$/

        const files = (folder: string) =>
          path.fromFileUrl(new URL(`${folder}/`, root)).pipe(
            Effect.flatMap((directory) =>
              Effect.map(
                fs.readDirectory(directory),
                (files) => files.filter((file) => isModule.test(file)).sort().map((file) => path.join(directory, file))
              )
            ),
            Effect.orDie
          )

        const load = Effect.fnUntraced(function*<A>(
          kind: "pipeline" | "sink",
          name: string,
          specifier: string,
          is: (value: unknown) => value is A
        ) {
          const module: unknown = yield* Effect.tryPromise({
            try: () => import(specifier),
            catch: (error) =>
              new UnknownPlugin({ kind, name, detail: `its module cannot be loaded (${firstLine(error)})`, names: [] })
          })
          const loaded = Predicate.hasProperty(module, "default") ? module.default : undefined
          if (is(loaded)) return loaded
          return yield* new UnknownPlugin({
            kind,
            name,
            detail: `the default export of its module is not a ${kind}`,
            names: []
          })
        })

        const all = <A>(kind: "pipeline" | "sink", is: (value: unknown) => value is A) =>
          Effect.flatMap(
            files(`${kind}s`),
            Effect.forEach((file) =>
              Effect.flatMap(url(file), (specifier) => load(kind, path.basename(file), specifier, is))
            )
          )

        const url = (file: string) => Effect.map(Effect.orDie(path.toFileUrl(file)), (url) => url.href)

        const find = Effect.fnUntraced(function*<A>(
          kind: "pipeline" | "sink",
          name: string,
          is: (value: unknown) => value is A,
          mayLoad: boolean
        ) {
          const ours = yield* files(`${kind}s`)
          const file = ours.find((file) => path.parse(file).name === name)
          if (file !== undefined) return yield* load(kind, name, yield* url(file), is)
          if (!mayLoad) {
            return yield* new UnknownPlugin({
              kind,
              name,
              detail: "code is only loaded when the command line names it",
              names: []
            })
          }
          if (/^\.{0,2}\//.test(name)) return yield* load(kind, name, yield* url(path.resolve(name)), is)
          return yield* load(kind, name, name, is).pipe(Effect.mapError((error) =>
            name.includes("/") ? error : new UnknownPlugin({
              kind,
              name,
              detail: undefined,
              names: ours.map((file) => path.parse(file).name)
            })
          ))
        })

        return Plugins.of({
          pipelines: all("pipeline", isPipeline),
          sinks: all("sink", isSink),
          findPipeline: (name) =>
            find("pipeline", name, isPipeline, true),
          findSink: (name) => find("sink", name, isSink, true),
          ownSink: (name) => find("sink", name, isSink, false),
          queries: yield* Effect.orDie(path.fromFileUrl(new URL("data/queries", root))),
          policies: yield* Effect.orDie(path.fromFileUrl(new URL("data/policies", root)))
        })
      })
    )
}

const firstLine = (error: unknown) => (error instanceof Error ? error.message : String(error)).split("\n", 1)[0]

const isPipeline = (value: unknown): value is Pipeline =>
  Predicate.hasProperty(value, "name") && Predicate.hasProperty(value, "tables") &&
  Predicate.hasProperty(value, "connect")

const isSink = (value: unknown): value is Sink =>
  Predicate.hasProperty(value, "name") && Predicate.hasProperty(value, "location") &&
  Predicate.hasProperty(value, "open") && Predicate.hasProperty(value, "publish") &&
  Predicate.hasProperty(value, "discard")
