/**
 * The views for people who ask questions: `T_changes` of each table, and those of the pipeline's views that PostgreSQL
 * understands. They stand on the views of the tables, so they are dropped before those are replaced, and made again after.
 */
import { Effect } from "effect"
import { hash } from "node:crypto"
import { comments, literal, name } from "../../src/duckdb/DuckDb.ts"
import { viewsIn } from "../../src/history/DescribedPipeline.ts"
import { changesOf } from "../../src/history/Views.ts"
import type { SinkRun } from "../../src/Sink.ts"
import { isSnapshot } from "../../src/Table.ts"
import * as ChangesView from "./ChangesView.ts"
import type { Connection } from "./Connection.ts"
import type { DatabaseTarget } from "./DatabaseTarget.ts"

/** The part of a run that its views follow from. */
export type ViewedRun = Pick<SinkRun, "pipeline" | "tables" | "portable">

/** The statements that make all views. They fail if there is another object of such a name. */
const statementsOf = ({ portable = "", tables }: ViewedRun) => [
  ...tables.filter(isSnapshot).flatMap((table) => {
    const changes = changesOf(table)
    return [
      `CREATE VIEW ${name(changes.name)} AS ${ChangesView.query(table)}`,
      ...comments("VIEW", name(changes.name), changes)
    ]
  }),
  ...portable === "" ? [] : [portable.replaceAll("CREATE OR REPLACE VIEW", "CREATE VIEW")]
]

/**
 * The statements that are missing to have all views over the tables, in one transaction with `tables`, the statements that
 * replace those. Each view has a mark that says which pipeline it is of and what made it. The mark is a comment on the
 * view's rule, where no reader sees it. A view of other users on these views is not dropped; the statements fail.
 */
export const around = Effect.fnUntraced(
  function*({ all }: Connection, { schema }: DatabaseTarget, run: ViewedRun, tables: ReadonlyArray<string>) {
    const statements = statementsOf(run)
    const made = `View of ${run.pipeline}; made by `
    const mark = `${made}${hash("sha256", statements.join(), "hex").slice(0, 12)}.`
    const views = [...new Set(viewsIn(statements.join("\n")))]
    const there = yield* all(
      `SELECT format('%I.%I', nspname, relname), relname, description
       FROM pg_rewrite JOIN pg_class ON pg_class.oid = ev_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
       JOIN pg_description ON objoid = pg_rewrite.oid AND classoid = 'pg_rewrite'::regclass
       WHERE nspname = $1 AND starts_with(description, $2)`,
      [schema, made]
    )
    const current = there.filter(([_, view, description]) => views.includes(view ?? "") && description === mark)
    if (tables.length === 0 && current.length === views.length && there.length === views.length) return []
    return [
      ...there.length === 0 ? [] : [`DROP VIEW ${there.map(([qualified]) => qualified).join(", ")}`],
      ...tables,
      ...statements,
      ...views.map((view) => `COMMENT ON RULE "_RETURN" ON ${name(view)} IS ${literal(mark)}`)
    ]
  }
)
