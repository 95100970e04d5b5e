/** Finds the users, administrators and applications that broken policies are about, for pages that name them. */
import { Effect } from "effect"
import type { Session } from "../../../duckdb/DuckDb.ts"
import type { Miss } from "../../../report/Misses.ts"
import type { NotKnown } from "../NotKnown.ts"
import * as Select from "../Select.ts"
import type { Policy } from "./Policies.ts"
import type { Verdict } from "./Verdict.ts"

/** The columns that identify what a row is about; the first that a query has counts. */
const columns = [["user_id", "users"], ["admin_id", "administrators"], ["integration_key", "applications"]] as const

/** The entities in the rows of a query, each once. */
const entitiesOf = Effect.fnUntraced(function*(session: Session, { sql }: Policy, world: string) {
  const own = yield* Effect.orDie(session.another)
  yield* Effect.orDie(own.run(world))
  const { names, next } = yield* Select.begin(own, yield* Select.prepare(own, sql))
  const tenantAt = names.indexOf("tenant")
  const [column, about] = columns.find(([name]) => names.includes(name)) ?? []
  if (tenantAt === -1 || column === undefined) return { about: null, entities: [] }
  const idAt = names.indexOf(column)
  const found = new Map<string, { readonly tenant: string; readonly id: string }>()
  for (let chunk = yield* next; chunk !== undefined; chunk = yield* next) {
    const ids = chunk.getColumnValues(idAt)
    for (const [row, tenant] of chunk.getColumnValues(tenantAt).entries()) {
      const id = ids[row]
      if (typeof tenant === "string" && typeof id === "string") found.set(JSON.stringify([tenant, id]), { tenant, id })
    }
  }
  return { about, entities: [...found.values()] }
}, Effect.scoped)

/** The broken policies, with the entities that they are about. A query that fails now names nobody. */
export const find = (
  session: Session,
  unknown: NotKnown,
  policies: ReadonlyArray<Policy>,
  verdicts: ReadonlyArray<Verdict>
): Effect.Effect<ReadonlyArray<Miss>> => {
  const [asItIs] = unknown.preparations
  const broken = verdicts.flatMap((verdict) => {
    const policy = policies.find(({ name }) => name === verdict.policy)
    return verdict.verdict === "broken" && policy !== undefined ? [{ policy, verdict }] : []
  })
  return Effect.forEach(broken, ({ policy, verdict }) =>
    entitiesOf(session, policy, asItIs).pipe(
      Effect.orElseSucceed(() => ({ about: null, entities: [] })),
      Effect.map((entities): Miss => ({ ...verdict, ...entities }))
    ))
}
