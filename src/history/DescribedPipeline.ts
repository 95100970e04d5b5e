/** The part of a pipeline that a history needs: its tables, and the SQL of its views. */
import type { Pipeline } from "../Pipeline.ts"

export interface DescribedPipeline extends Pick<Pipeline, "tables" | "views"> {
  readonly joined?: Pipeline["joined"] | undefined
}

/** The names of the views that some SQL makes. */
export const viewsIn = (sql: string) => [...sql.matchAll(/\bVIEW "?(\w+)/g)].map(([_, name = ""]) => name)

/**
 * The joined views of some pipelines whose tables are all there, each once. `there` are the names of the tables and views that
 * can be read; if they are not given, the tables of these pipelines.
 */
export const joinedViews = (
  pipelines: ReadonlyArray<DescribedPipeline>,
  there: ReadonlySet<string> = new Set(pipelines.flatMap(({ tables }) => tables.map(({ name }) => name)))
) => {
  const all = new Map(pipelines.flatMap(({ joined = [] }) => joined.map((views) => [views.name, views] as const)))
  return [...all.values()].filter(({ tables }) => tables.every((table) => there.has(table)))
}
