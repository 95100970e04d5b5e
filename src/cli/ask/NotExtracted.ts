/** Explains a query that fails because it names a table or a view of a pipeline that was never run. */
import { Runtime, Schema } from "effect"
import { ExitCode } from "../../failure/ExitCode.ts"
import { viewsIn } from "../../history/DescribedPipeline.ts"
import type { Pipeline } from "../../Pipeline.ts"
import { commandName } from "../terminal/CommandName.ts"
import { BadQuery } from "./Select.ts"

/** At least one of the pipelines was never run, so a table or a view is not there. */
export class NotExtracted extends Schema.TaggedError<NotExtracted>()("NotExtracted", {
  name: Schema.String,
  /** The pipelines that a name needs and that have no run. */
  pipelines: Schema.Array(Schema.String)
}) {
  override readonly [Runtime.errorExitCode] = ExitCode.usage
  override get message() {
    return this.sentence(commandName())
  }
  /** `command` starts the program. */
  sentence(command: string) {
    const commands = this.pipelines.map((name) => `${command} extract ${name}`).join(" and ")
    return `${this.name} is not there, because no run has read it yet: ${commands}`
  }
}

/** The names of a pipeline's tables and views, in lower case. */
const namesOf = ({ tables, views }: Pipeline) => [...tables.map(({ name }) => name), ...viewsIn(views)]

/** The pipelines that fill the tables behind a name; empty if no pipeline has it. */
const pipelinesOf = (name: string, pipelines: ReadonlyArray<Pipeline>): ReadonlyArray<Pipeline> => {
  const own = pipelines.filter((pipeline) => namesOf(pipeline).includes(name))
  const joined = pipelines.flatMap(({ joined = [] }) => joined).find(({ sql }) => viewsIn(sql).includes(name))
  return own.length > 0 || joined === undefined
    ? own
    : pipelines.filter(({ tables }) => tables.some((table) => joined.tables.includes(table.name)))
}

/** The names in some SQL that pipelines without a run have, each with these pipelines. `run` are those that have a run. */
export const missingIn = (sql: string, pipelines: ReadonlyArray<Pipeline>, run: ReadonlyArray<string>) =>
  [...new Set(sql.replaceAll(/--.*$/gm, "").match(/\w+/g))].flatMap((word) => {
    const missing = pipelinesOf(word.toLowerCase(), pipelines).filter(({ name }) => !run.includes(name))
    return missing.length === 0 ? [] : [new NotExtracted({ name: word, pipelines: missing.map(({ name }) => name) })]
  })

/** The failure of a query, or a better one if a pipeline without a run has the name that DuckDB does not find. */
export const explain =
  (pipelines: ReadonlyArray<Pipeline>, run: ReadonlyArray<string>) => <E>(error: E): E | NotExtracted => {
    if (!(error instanceof BadQuery)) return error
    const [, name = ""] = /^Catalog Error: Table with name (\w+) does not exist/.exec(error.detail) ?? []
    return missingIn(name, pipelines, run)[0] ?? error
  }
