/** Personal data is kept, hashed with a key that stays the same, or dropped. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem, Schema, Stream } from "effect"
import { createHmac } from "node:crypto"
import { globSync, readFileSync } from "node:fs"
import { adminMethods, admins } from "../../pipelines/admins/Tables.ts"
import { bypassCodes, mfaMethods, userGroups, users } from "../../pipelines/mfa/Tables.ts"
import * as RowsSql from "../../src/duckdb/RowsSql.ts"
import * as RunDatabase from "../../src/duckdb/RunDatabase.ts"
import * as Tenant from "../../src/emulator/people/Tenant.ts"
import * as Rows from "../../src/run/Rows.ts"
import type { Cell, Row, Table } from "../../src/Table.ts"
import { command, extract } from "../support/processes/command.ts"
import { allSinks, contents, inFolder, query, settings } from "../support/processes/program.ts"
import * as readers from "../support/readers.ts"
import * as RowPipeline from "../support/row-pipeline.ts"

const extracted = [users, mfaMethods, userGroups, bypassCodes]
const tables = [...extracted, admins, adminMethods]

const personalOf = ({ columns }: Table) => columns.filter(({ personal }) => personal).map(({ name }) => name)

const key = new Uint8Array(32).fill(7)

describe("personal cells", () => {
  const Text = Schema.NullOr(Schema.NonEmptyString)

  it.effect.prop("are replaced and no other cells, NULL stays NULL, and every column and row stays", [
    Schema.NonEmptyArray(Schema.Array(Text)),
    Schema.Literals(["hash", "drop"])
  ], ([texts, how]) =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const stamp = { run_id: "run", observed_at: 5n, tenant: "tenant" }
      const rowsOf = (table: Table) =>
        texts.map((some, row) =>
          Object.fromEntries(table.columns.map(({ name, type }, at): [string, Cell] => [
            name,
            name === "run_id" || name === "tenant"
              ? stamp[name]
              : table.key.includes(name)
              ? `key ${row}`
              : type === "text"
              ? some[at % (some.length + 1)]?.toWellFormed() ?? null
              : type === "boolean"
              ? true
              : type === "bigint"
              ? at
              : 5n
          ]))
        )
      const rows = () => [Object.fromEntries(tables.map((table) => [table.name, rowsOf(table)]))]
      const pipeline = RowPipeline.make({ name: "test", tables, rows })
      const database = yield* RunDatabase.open(yield* fs.makeTempDirectoryScoped())
      const source = yield* pipeline.connect
      const extraction = yield* source.extract(stamp, { pageSize: undefined, concurrency: 1, database })
      yield* Rows.prepare(database, pipeline, [{ stamp, extraction }])
      yield* Rows.make(
        database,
        pipeline,
        [{ stamp, extraction }],
        how === "hash" ? { treatment: how, key } : { treatment: how }
      )
      for (const table of tables) {
        const made = (yield* Stream.runCollect(RowsSql.make(database.session).stream(table, "run"))).flat()
        const keyOf = (row: Row) => table.key.map((name) => row[name]).join()
        const byKey = new Map(made.map((row) => [keyOf(row), row]))
        assert.lengthOf(made, texts.length)
        for (const before of rowsOf(table)) {
          const row = byKey.get(keyOf(before)) ?? {}
          assert.deepStrictEqual(Object.keys(row), Object.keys(before))
          for (const { name, personal } of table.columns) {
            const was = before[name]
            const hashed = typeof was === "string" ? createHmac("sha256", key).update(was).digest("hex") : was
            assert.strictEqual(row[name], !personal ? was : how === "drop" ? null : hashed)
          }
        }
      }
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer)), { arbitrary: { runs: 15 } })

  it("are texts that may be NULL, and never part of a key", () => {
    for (const table of tables) {
      for (const { name, personal, required, type } of table.columns) {
        if (personal) assert.isTrue(type === "text" && !required && !table.key.includes(name), `${table.name}.${name}`)
      }
    }
  })

  it("are names of persons, ways to reach them, and free texts", () => {
    assert.deepStrictEqual(Object.fromEntries(tables.map((table) => [table.name, personalOf(table)])), {
      users: ["username", "email", "realname", "firstname", "lastname", "external_id", "notes", "aliases"],
      mfa_methods: ["username", "email", "realname", "name", "number", "extension", "serial"],
      user_groups: ["username"],
      bypass_codes: ["username", "admin_email"],
      admins: ["name", "email", "phone"],
      admin_methods: ["admin_name", "email", "name", "number", "extension", "serial"]
    })
  })
})

const personal =
  /^(username|email|realname|firstname|lastname|external_id|notes|alias\d|name|number|extension|serial|device_name|credential_name|admin_email)$/

/**
 * Every personal text of a tenant, except texts so short that they occur by chance, and texts that also name something
 * else.
 */
const personalTexts = (tenant: Tenant.Tenant): ReadonlyArray<string> => {
  const [found, others] = [new Set<string>(), new Set<string>()]
  const look = (value: unknown, at: string) => {
    if (typeof value === "string" && value.length >= 6) (personal.test(at) ? found : others).add(value)
    if (typeof value !== "object" || value === null) return
    for (const [name, inner] of Object.entries(value)) {
      look(inner, Array.isArray(value) ? at : at === "groups" ? "group" : name)
    }
  }
  for (let at = 0; at < tenant.size(); at++) look(tenant.user(at), "")
  for (let at = 0; at < tenant.bypassCodes(); at++) look(JSON.parse(tenant.bypassCode(at)), "")
  return [...found].filter((text) => !others.has(text))
}

/** All contents of a data directory as text: text files, and the values in Parquet files and in the ledger. */
const everything = Effect.fnUntraced(function*(data: string) {
  const texts = globSync(`${data}/**/*.{json,ndjson.zst,csv,key}`).map(readers.unpacked)
  const raw = globSync(`${data}/**/*.{duckdb,parquet}`).map((file) => readFileSync(file, "latin1"))
  const parquet = yield* Effect.forEach(
    globSync(`${data}/parquet/**/*.parquet`),
    (file) => query(`FROM read_parquet('${file}', hive_partitioning = false)`)
  )
  const ledger = yield* Effect.forEach(
    [...extracted.map(({ name }) => name), "runs"],
    (table) => query(`ATTACH '${data}/duo.duckdb' AS ledger (READ_ONLY); FROM ledger.${table}`)
  )
  return [...texts, ...raw, ...[...parquet, ...ledger].map((rows) => JSON.stringify(rows, null, 0))].join("\n")
})

const tenant = () => Tenant.make({ people: "hostile", users: 80, seed: 5 })

describe("extract --pii", () => {
  it.live("keep, the default, keeps every personal text that the next two tests search for", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const duo = tenant()
      yield* extract(folder, { tenant: duo }, allSinks)
      const all = yield* everything(`${folder}/data`)
      const texts = personalTexts(duo)
      assert.isAbove(texts.length, 300)
      const there = texts.filter((text) => all.includes(JSON.stringify(text).slice(1, -1)))
      assert.isAbove(there.length / texts.length, 0.99)
      assert.isFalse(yield* (yield* FileSystem.FileSystem).exists(`${folder}/data/pii.key`))
    })))

  for (const how of ["hash", "drop"]) {
    it.live(`${how} leaves no personal text in the data directory and keeps the types, and verify finds no difference`, () =>
      inFolder(Effect.fnUntraced(function*(folder) {
        const duo = tenant()
        const { ended, summary } = yield* extract(folder, { tenant: duo }, [...allSinks, "--pii", how])
        // a hash has short numbers by chance
        const all = `${yield* everything(`${folder}/data`)}${ended.stdout}${ended.stderr}`
          .replaceAll(/[0-9a-f]{64,}/g, "")
        const shown = personalTexts(duo).filter((text) =>
          all.includes(text) || all.includes(JSON.stringify(text).slice(1, -1))
        )
        assert.deepStrictEqual(shown, [])
        const verified = yield* command(folder, ["verify"])
        assert.strictEqual(verified.code, 0, verified.stderr)
        for (const table of extracted) {
          const columns = yield* query(
            `DESCRIBE FROM read_parquet('${folder}/data/parquet/current/${table.name}.parquet')`
          )
          assert.deepStrictEqual(columns.map(({ column_name }) => column_name), table.columns.map(({ name }) => name))
          const varchar = columns.filter(({ column_type }) => column_type === "VARCHAR").map(({ column_name }) =>
            column_name
          )
          assert.includeMembers(varchar, personalOf(table))
          const cells = personalOf(table).map((name) =>
            how === "drop" ? `${name} IS NULL` : `(${name} IS NULL OR regexp_full_match(${name}, '[0-9a-f]{64}'))`
          )
          const [counted] = yield* query(`
            ATTACH '${folder}/data/duo.duckdb' AS ledger (READ_ONLY);
            SELECT count(*) AS rows, count(*) FILTER (${cells.join(" AND ")}) AS fit FROM ledger.${table.name}`)
          assert.deepStrictEqual(counted, { rows: summary.rows[table.name], fit: summary.rows[table.name] })
        }
      })))
  }

  it.live("hash gives the same hash for the same text in every table and run, and another hash with another key", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const fs = yield* FileSystem.FileSystem
      const args = ["--sink", "ndjson", "--sink", "duckdb", "--pii", "hash"]
      const hashes = (run: { readonly run_id: string }) =>
        readers.unpacked(`${folder}/data/ndjson/users/${run.run_id}.ndjson.zst`)
          .trimEnd().split("\n").map((line) => JSON.parse(line).username)
      const first = yield* extract(folder, { tenant: tenant() }, args)
      const second = yield* extract(folder, { tenant: tenant() }, args)
      const before = hashes(first.summary)
      assert.deepStrictEqual(hashes(second.summary), before)
      const known = Buffer.from((yield* fs.readFileString(`${folder}/data/pii.key`)).trim(), "hex")
      const name = String(tenant().user(0)["username"])
      assert.include(before, createHmac("sha256", known).update(name).digest("hex"))
      const [joined] = yield* query(`
        ATTACH '${folder}/data/duo.duckdb' AS ledger (READ_ONLY);
        SELECT count(*) AS methods, count(*) FILTER (u.user_id = m.user_id) AS own
        FROM ledger.mfa_methods m JOIN ledger.users u USING (run_id, username)
        WHERE run_id = '${second.summary.run_id}'`)
      const { mfa_methods } = second.summary.rows
      assert.deepStrictEqual(joined, { methods: mfa_methods, own: mfa_methods })
      yield* fs.remove(`${folder}/data/pii.key`)
      const third = yield* extract(folder, { tenant: tenant() }, args)
      const after: ReadonlyArray<string> = hashes(third.summary)
      assert.isFalse(after.some((hash) => before.includes(hash)))
    })))

  it.live("hash with a damaged key sends nothing to Duo, and changes nothing", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const fs = yield* FileSystem.FileSystem
      const args = ["--sink", "csv", "--pii", "hash"]
      const { duo } = yield* extract(folder, { users: 5 }, args)
      yield* fs.writeFileString(`${folder}/data/pii.key`, "half a key")
      const before = contents(folder)
      const sent = duo.requests.length
      const refused = yield* command(folder, ["extract", ...args], settings(duo))
      assert.strictEqual(refused.code, 78)
      assert.include(refused.stderr, "pii.key is not a key of 64 hex digits")
      assert.notInclude(refused.stderr, "half a key")
      assert.deepStrictEqual(contents(folder), before)
      assert.lengthOf(duo.requests, sent)
    })))

  it.live("hash makes no key for a dry run, and other values are refused", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const { duo } = yield* extract(folder, { users: 5 }, ["--dry-run", "--pii", "hash"])
      assert.isFalse(yield* (yield* FileSystem.FileSystem).exists(`${folder}/data`))
      assert.strictEqual((yield* command(folder, ["extract", "--pii", "shred"], settings(duo))).code, 64)
    })))
})
