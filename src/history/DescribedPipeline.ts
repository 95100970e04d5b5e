/** What a history needs to know about a pipeline: its tables, and the SQL of its views. */
import type { Pipeline } from "../Pipeline.ts"

export interface DescribedPipeline extends Pick<Pipeline, "tables" | "views"> {
  readonly joined?: Pipeline["joined"] | undefined
}

/**
 * The joined views of some pipelines whose tables are all there, each once. `there` are the names of the tables and views that
 * can be read.
 */
export const joinedViews = (
  pipelines: ReadonlyArray<Pick<DescribedPipeline, "joined">>,
  there: ReadonlySet<string>
) => {
  const all = new Map(pipelines.flatMap(({ joined = [] }) => joined.map((views) => [views.name, views] as const)))
  return [...all.values()].filter(({ tables }) => tables.every((table) => there.has(table)))
}
