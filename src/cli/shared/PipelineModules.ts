/** The pipelines that manifests and Parquet files may name: the built-in ones, and the modules of `--pipeline`. */
import { Effect } from "effect"
import { Flag } from "effect/cli"
import type { Pipeline } from "../../Pipeline.ts"
import { Plugins, UnknownPlugin } from "./Plugins.ts"

export const flag = Flag.String("pipeline").pipe(
  Flag.withDescription("The module of a pipeline that is not built in, for its runs; repeatable"),
  Flag.withMetavar("MODULE"),
  Flag.atLeast(0)
)

/** The built-in pipelines and those of the modules. */
export const knownPipelines = Effect.fnUntraced(function*(modules: ReadonlyArray<string>) {
  const catalog = yield* Plugins
  return [...yield* catalog.pipelines, ...yield* Effect.forEach(modules, catalog.findPipeline)]
})

/** The pipeline of that name; no module is loaded for it. */
export const find = (pipelines: ReadonlyArray<Pipeline>, name: string) => {
  const found = pipelines.find((pipeline) => pipeline.name === name)
  return found === undefined
    ? Effect.fail(
      new UnknownPlugin({ kind: "pipeline", name, detail: "name its module with --pipeline MODULE", names: [] })
    )
    : Effect.succeed(found)
}
