/** A ledger of format 1 has the same answers before and after it is migrated, and a published run migrates it. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import admins from "../../pipelines/admins.ts"
import mfa from "../../pipelines/mfa.ts"
import * as DuckDb from "../../src/duckdb/DuckDb.ts"
import * as Tenant from "../../src/emulator/people/Tenant.ts"
import { serve } from "../../src/emulator/server/Emulator.ts"
import * as AttachedViews from "../../src/history/ledger/AttachedViews.ts"
import * as Ledger from "../../src/history/ledger/Ledger.ts"
import { valueEarlier } from "../../src/Table.ts"
import { format } from "../../src/Version.ts"
import { usersOn } from "../known/scene.ts"
import { command } from "../support/processes/command.ts"
import { settings } from "../support/processes/program.ts"
import * as readers from "../support/readers.ts"
import { histories, unpackLedger } from "./earlier-files.ts"

describe("a ledger of format 1", () => {
  const names = histories.flatMap((name) => [name, `${name}_history`, `${name}_changes`])
  const views = ["mfa_events", "coverage_daily", "bypasses", "users_at_risk", "time_to_enrol", "regressions"]
  /** Views whose columns have changed since format 1. */
  const isOther = (question: string) => /(_changes|mfa_events)$/.test(question)

  /** Columns that a later version added. In this ledger they are NULL. */
  const added = new Set(
    [mfa, admins].flatMap(({ tables }) => tables).flatMap(({ columns }) => columns)
      .filter((column) => column.earlier !== null && valueEarlier(column) === null).map(({ name }) => name)
  )

  /** A row with its columns sorted by name. Their order in a ledger depends on the versions that added them. */
  const byName = ({ row }: { readonly row?: unknown }) =>
    JSON.stringify(
      Object.entries(JSON.parse(String(row))).filter(([name, cell]) => cell !== null || !added.has(name))
        .toSorted(([a], [b]) => a < b ? -1 : 1)
    )

  /** The answers to every query, including the rows at the instants of some runs. */
  const answers = Effect.fnUntraced(function*<E, R>(
    ask: (sql: string) => Effect.Effect<ReadonlyArray<{ readonly row?: unknown }>, E, R>,
    instants: ReadonlyArray<string>
  ) {
    const questions = [
      ...names.map((name) => `FROM ${name}`),
      ...views.map((name) => `FROM ${name}`),
      ...histories.flatMap((name) => instants.map((at) => `FROM ${name}_asof('${at}'::TIMESTAMPTZ)`))
    ]
    const answered = yield* Effect.forEach(
      questions,
      (sql) =>
        Effect.map(
          ask(`SELECT to_json(asked)::VARCHAR AS row FROM (${sql}) asked`),
          (rows) => [sql, rows.map(byName).sort()] as const
        )
    )
    return new Map(answered)
  })

  const inLedger = <A, E, R>(test: (file: string, instants: ReadonlyArray<string>) => Effect.Effect<A, E, R>) =>
    Effect.acquireUseRelease(
      Effect.sync(() => mkdtempSync(join(tmpdir(), "duo-mfa-formats-"))),
      Effect.fnUntraced(function*(folder) {
        const file = join(folder, "data/duo.duckdb")
        unpackLedger(file)
        const runs = yield* readers.query(file, "SELECT DISTINCT observed_at::VARCHAR AS at FROM runs ORDER BY ALL")
        return yield* test(file, runs.filter((_, n) => n % 3 === 0).map(({ at }) => String(at)))
      }),
      (folder) => Effect.sync(() => rmSync(folder, { recursive: true }))
    ).pipe(Effect.provide(NodeServices.layer), Effect.scoped)

  const pipelines = [mfa, admins]

  it.live(
    "answers the same before it is migrated, when one pipeline has migrated it, and when all have",
    () =>
      inLedger(Effect.fnUntraced(function*(file, instants) {
        const own = (sql: string) => readers.query(file, sql)
        const ofOwn = readers.within(file, (ask) => answers(ask, instants))
        const expected = yield* ofOwn
        assert.isAbove(expected.get("FROM users_changes")?.length ?? 0, 10)
        const asked = Effect.gen(function*() {
          const session = yield* DuckDb.open({})
          yield* session.run(`ATTACH '${file}' AS duo (READ_ONLY)`)
          yield* AttachedViews.make(session, "duo", pipelines)
          const ask = (sql: string) => Effect.map(session.all(sql), (rows) => rows.map(([row]) => ({ row })))
          return yield* answers(ask, instants)
        })
        const before = yield* Effect.scoped(asked)
        const steady = (answers: typeof before) => [...answers].filter(([question]) => !isOther(question))
        assert.deepStrictEqual(steady(before), steady(expected))
        for (const pipeline of pipelines) {
          yield* Effect.scoped(Effect.gen(function*() {
            const session = yield* DuckDb.open({})
            yield* session.run(`ATTACH '${file}' AS ledger`)
            yield* Ledger.migrate(session, "ledger", pipeline)
          }))
          assert.deepStrictEqual(yield* Effect.scoped(asked), before)
        }
        assert.deepStrictEqual(yield* ofOwn, before)
        const left = yield* own(
          "SELECT table_name FROM duckdb_tables() WHERE table_name LIKE '%_history' AND NOT internal"
        )
        assert.deepStrictEqual(left, [])
      })),
    120_000
  )

  it.live(
    "is migrated by the first run that is published, and not by a run that is refused",
    () =>
      inLedger(Effect.fnUntraced(function*(file) {
        const folder = dirname(dirname(file))
        const ended = "SELECT user_id, username, valid_from, valid_to, last_login_at FROM users_history " +
          "WHERE valid_to <= '2026-11-09 11:00:00+00' ORDER BY ALL"
        const before = yield* readers.query(file, ended)
        const bytes = readFileSync(file)
        const nobody = yield* serve({ port: 27_070, tenant: Tenant.fromUsers([], []) })
        const args = ["extract", "--sink", "duckdb"]
        const refused = yield* command(folder, args, { ...settings(nobody), DUO_MFA_DATA: "data" })
        assert.strictEqual(refused.code, 4, refused.stderr)
        assert.isTrue(readFileSync(file).equals(bytes))
        nobody.tenant.edit({ edit: "add", at: 0, user: usersOn(8)[0] ?? {} })
        const { code, stderr } = yield* command(folder, [...args, "--max-shrink", "100"], {
          ...settings(nobody),
          DUO_MFA_DATA: "data"
        })
        assert.strictEqual(code, 0, stderr)
        assert.include(stderr, `The ledger has format 1. It is migrated to format ${format}`)
        assert.deepStrictEqual(yield* readers.query(file, ended), before)
        assert.deepStrictEqual(
          yield* readers.query(file, "SELECT count(*) AS n FROM users WHERE tenant = '127.0.0.1:27070'"),
          [{ n: 1n }]
        )
      })),
    120_000
  )
})
