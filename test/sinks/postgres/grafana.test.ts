/** The dashboard of docs/grafana: the SQL of every panel gives a reader what a panel of its type shows. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, beforeAll, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { readFileSync } from "node:fs"
import mfa from "../../../pipelines/mfa.ts"
import postgres from "../../../sinks/postgres.ts"
import { perform } from "../../laws/round.ts"
import { performed, personOf } from "../../pipelines/mfa/people-over-time.ts"
import { serverOfFile } from "../../slow/postgres-sink.ts"
import { locationOf } from "../../support/servers/postgres-server.ts"
import { newest } from "../../support/servers/postgres/Installations.ts"

/** The parts of Grafana's schema that the dashboard relies on. Each data source is the one that the reader picks. */
const DataSource = Schema.Struct({
  type: Schema.Literal("grafana-postgresql-datasource"),
  uid: Schema.Literal("${datasource}")
})

const Panel = Schema.Struct({
  id: Schema.Int,
  type: Schema.Literals(["stat", "timeseries", "barchart", "table"]),
  title: Schema.NonEmptyString,
  description: Schema.String.check(Schema.isPattern(/^[A-Z].*\.$/)),
  datasource: DataSource,
  gridPos: Schema.Struct({ h: Schema.Int, w: Schema.Int, x: Schema.Int, y: Schema.Int }),
  targets: Schema.Tuple([Schema.Struct({
    datasource: DataSource,
    format: Schema.Literals(["table", "time_series"]),
    rawQuery: Schema.Literal(true),
    rawSql: Schema.NonEmptyString,
    refId: Schema.Literal("A")
  })]),
  options: Schema.Struct({ xField: Schema.optionalKey(Schema.String) }),
  fieldConfig: Schema.Struct({
    overrides: Schema.Array(Schema.Struct({
      matcher: Schema.Struct({ id: Schema.Literal("byName"), options: Schema.String })
    }))
  })
})

const Dashboard = Schema.Struct({
  schemaVersion: Schema.Literal(39),
  panels: Schema.NonEmptyArray(Panel),
  templating: Schema.Struct({
    list: Schema.Tuple([
      Schema.Struct({ name: Schema.Literal("datasource"), type: Schema.Literal("datasource"), query: Schema.String }),
      Schema.Struct({ name: Schema.Literal("tenant"), type: Schema.Literal("query"), query: Schema.String })
    ])
  })
})

const json = readFileSync("docs/grafana/duo-mfa.json", "utf8")
const dashboard = Schema.decodeSync(Schema.fromJsonString(Dashboard))(json)

const tenants = ["acme", "o'neil & sons"]
const day = 86_400_000
const begin = Date.UTC(2026, 10, 1, 9)

/** SQL as Grafana sends it: a variable with several values is a list of texts, and a macro is what it stands for. */
const expanded = (sql: string) =>
  sql
    .replaceAll("${tenant:sqlstring}", tenants.map((tenant) => `'${tenant.replaceAll("'", "''")}'`).join(","))
    .replaceAll(/\$__timeFilter\(([^)]*)\)/g, "$1 BETWEEN '2026-10-31T00:00:00Z' AND '2026-11-30T00:00:00Z'")

const at = serverOfFile(newest)

/** The columns, their types, and the rows that a user with the page's privileges gets. */
const ask = (sql: string): {
  readonly columns: ReadonlyArray<readonly [name: string, type: string]>
  readonly rows: ReadonlyArray<Record<string, unknown>>
} => {
  assert.notMatch(expanded(sql), /\$/, "a variable or a macro that is not expanded")
  return JSON.parse(
    at().psql(
      `SET ROLE stranger; CREATE TEMP VIEW panel AS ${expanded(sql)};
     SELECT json_build_object('columns', (SELECT json_agg(json_build_array(attname, format_type(atttypid, NULL)) ORDER BY attnum)
       FROM pg_attribute WHERE attrelid = 'panel'::regclass), 'rows', (SELECT coalesce(json_agg(p), '[]') FROM panel p))`
    )
  )
}

const isNumber = (type: string) => ["bigint", "double precision"].includes(type)

describe.skipIf(!newest.isThere)("the dashboard for Grafana", () => {
  beforeAll(async () => {
    at().psql(
      `CREATE SCHEMA duo_mfa AUTHORIZATION duo; GRANT USAGE ON SCHEMA duo_mfa TO stranger;
       ALTER DEFAULT PRIVILEGES FOR ROLE duo IN SCHEMA duo_mfa GRANT SELECT ON TABLES TO stranger`
    )
    // on the second day everybody has another method
    const runs = [0, 7].flatMap((later) =>
      tenants.map((tenant) => ({
        tenant,
        at: begin + later * day,
        complete: true,
        people: [1, 2, 3, 4, 5].map((n) =>
          personOf({ status: 0, groups: [n % 2], method: (n + later) % 6, hasCode: 0 }, n)
        )
      }))
    )
    await Effect.runPromise(
      Effect.forEach(
        runs.map(performed),
        ({ batch, outcome, run }) =>
          perform(postgres, locationOf(at()), { ...run, portable: mfa.portable }, batch, outcome)
      ).pipe(
        Effect.provide(NodeServices.layer)
      )
    )
  }, 60_000)

  for (const { fieldConfig, options, targets: [{ format, rawSql }], title, type } of dashboard.panels) {
    it(`has what a ${type} needs: ${title}`, () => {
      const { columns, rows } = ask(rawSql)
      assert.isNotEmpty(rows)
      const [first, ...others] = columns
      switch (type) {
        case "stat":
          assert.strictEqual(rows.length, 1)
          for (const [name, type] of columns) assert.isTrue(isNumber(type), name)
          break
        case "timeseries":
          assert.strictEqual(format, "time_series")
          assert.deepStrictEqual(first, ["time", "timestamp with time zone"])
          assert.deepStrictEqual(others[0], ["metric", "text"])
          for (const [name, type] of others.slice(1)) assert.isTrue(isNumber(type), name)
          assert.deepStrictEqual([...new Set(rows.map(({ metric }) => metric))].toSorted(), tenants)
          // a day per tenant, from the first run to the last
          assert.strictEqual(rows.length, 2 * 8)
          break
        case "barchart":
          assert.deepStrictEqual(first, [options.xField ?? "", "text"])
          for (const [name, type] of others) assert.isTrue(isNumber(type), name)
          break
        case "table":
          assert.isAtLeast(columns.length, 5)
          for (const { matcher } of fieldConfig.overrides) {
            assert.include(columns.map(([name]) => name), matcher.options)
          }
      }
    })
  }

  it("lets readers choose a data source of PostgreSQL, and tenants", () => {
    const [source, tenant] = dashboard.templating.list
    assert.strictEqual(source.query, "grafana-postgresql-datasource")
    assert.deepStrictEqual(ask(tenant.query).rows.map((row) => Object.values(row)), tenants.map((name) => [name]))
  })

  it("has panels that neither overlap nor share a number, twenty-four columns wide", () => {
    const cells = dashboard.panels.flatMap(({ gridPos: { h, w, x, y } }) => {
      assert.isAtMost(x + w, 24)
      return Array.from({ length: h * w }, (_, n) => `${x + n % w} ${y + Math.floor(n / w)}`)
    })
    assert.strictEqual(new Set(cells).size, cells.length)
    assert.strictEqual(new Set(dashboard.panels.map(({ id }) => id)).size, dashboard.panels.length)
  })

  it("reads nothing that the page's privileges do not allow", () => {
    assert.throws(() => at().psql("SET ROLE stranger; SELECT * FROM duo_mfa_rows.users"), /permission denied/)
  })
})
