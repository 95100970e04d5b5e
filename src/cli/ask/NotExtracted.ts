/** Explains a query that fails because it names a table or a view of a pipeline that was never run. */
import { Runtime, Schema } from "effect"
import { ExitCode } from "../../failure/ExitCode.ts"
import type { Pipeline } from "../../Pipeline.ts"
import { commandName } from "../terminal/CommandName.ts"
import { BadQuery } from "./Select.ts"

/** The pipeline was never run, so its tables and views are not there. */
export class NotExtracted extends Schema.TaggedError<NotExtracted>()("NotExtracted", {
  name: Schema.String,
  pipeline: Schema.String
}) {
  override readonly [Runtime.errorExitCode] = ExitCode.usage
  override get message() {
    return `${this.name} is not there, because no run has read it yet: ${commandName()} extract ${this.pipeline}`
  }
}

/** The names of a pipeline's tables and views. */
const namesOf = ({ tables, views }: Pipeline) => [
  ...tables.map(({ name }) => name),
  ...[...views.matchAll(/\bVIEW (\w+)/g)].map(([_, name = ""]) => name)
]

/** The failure of a query, or a better one if a pipeline has the name that DuckDB does not find. */
export const explain = (pipelines: ReadonlyArray<Pipeline>) => <E>(error: E): E | NotExtracted => {
  if (!(error instanceof BadQuery)) return error
  const [, name] = /^Catalog Error: Table with name (\w+) does not exist/.exec(error.detail) ?? []
  const pipeline = pipelines.find((pipeline) => name !== undefined && namesOf(pipeline).includes(name))
  return name === undefined || pipeline === undefined ? error : new NotExtracted({ name, pipeline: pipeline.name })
}
