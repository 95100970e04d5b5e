/** D4: a file that is not a ledger of this version. */
import { assert } from "@effect/vitest"
import { Effect } from "effect"
import { copyFileSync, readFileSync, truncateSync, writeFileSync } from "node:fs"
import * as readers from "../../support/readers.ts"
import type { Case } from "../Case.ts"
import { everySink, inFolder, run, tree } from "../support/InProcess.ts"
import { users, withGoodRun } from "./good-run.ts"

/** DuckDB's checksum of a block, over 64-bit words. It is stored before the block. */
const checksum = (block: Buffer) => {
  let sum = 5381n
  for (let at = 0; at < block.length; at += 8) {
    sum ^= BigInt.asUintN(64, block.readBigUInt64LE(at) * 0xbf58476d1ce4e5b9n)
  }
  return sum
}

/** Changes the file, with a right checksum, so that it claims to be from a much later DuckDB. */
const fromTheFuture = (file: string) => {
  const bytes = readFileSync(file)
  assert.strictEqual(
    checksum(bytes.subarray(8, 4096)),
    bytes.readBigUInt64LE(0),
    "this is not how DuckDB sums a header"
  )
  bytes.writeBigUInt64LE(999n, 12)
  bytes.writeBigUInt64LE(checksum(bytes.subarray(8, 4096)), 0)
  writeFileSync(file, bytes)
}

const encrypted = (file: string) =>
  readers.execute(
    ":memory:",
    "SET force_mbedtls_unsafe = true",
    `ATTACH '${file}.new' AS secret (ENCRYPTION_KEY 'key')`,
    "CREATE TABLE secret.t AS SELECT 1 AS one",
    "DETACH secret"
  ).pipe(Effect.andThen(Effect.sync(() => copyFileSync(`${file}.new`, file))))

const junk = (bytes: string | Buffer) => (file: string) => Effect.sync(() => writeFileSync(file, bytes))
const sql = (...statements: ReadonlyArray<string>) => (file: string) => readers.execute(file, ...statements)

interface Spoilt {
  readonly name: string
  readonly spoil: (file: string) => Effect.Effect<unknown>
  /** A text that the error message must have; if not given, the run must work. */
  readonly refused?: RegExp
  /** A query whose answer the run must not change. */
  readonly kept?: string
}

const spoilt: ReadonlyArray<Spoilt> = [
  { name: "text", spoil: junk("user_id,username\n"), refused: /not a valid DuckDB database/ },
  { name: "nothing", spoil: junk(""), refused: /not a valid|database/ },
  { name: "zeros", spoil: junk(Buffer.alloc(1_000_000)), refused: /not a valid/ },
  { name: "SQLite", spoil: junk(Buffer.from(`SQLite format 3\0${"\0".repeat(5000)}`)), refused: /not a valid/ },
  { name: "a later version", spoil: (file) => Effect.sync(() => fromTheFuture(file)), refused: /version/ },
  { name: "encrypted", spoil: encrypted, refused: /encrypt/i },
  {
    name: "a column of another type",
    spoil: sql("ALTER TABLE users_versions ALTER phone_count TYPE VARCHAR"),
    refused: /users_versions\.phone_count has the type VARCHAR/
  },
  {
    name: "a table in a view's place",
    spoil: sql("DROP VIEW users", "CREATE TABLE users AS SELECT 1 AS one"),
    refused: /its users is a table/
  },
  {
    name: "the history of format 1 beside that of this one",
    spoil: sql("DROP VIEW users_history", "CREATE TABLE users_history AS SELECT 1 AS one"),
    refused: /its users_history is a table/
  },
  {
    name: "a view in a table's place",
    spoil: sql("DROP TABLE users_versions", "CREATE VIEW users_versions AS SELECT 1 AS one"),
    refused: /its users_versions is a view/
  },
  { name: "a write-ahead log", spoil: (file) => junk("stale")(`${file}.wal`), refused: /\.wal has changes/ },
  {
    name: "columns that are not there",
    spoil: sql(
      "ALTER TABLE users_versions DROP email",
      "ALTER TABLE runs DROP sweeps",
      "ALTER TABLE users_versions DROP strongest"
    )
  },
  { name: "a table that is not there", spoil: sql("DROP TABLE user_groups_past") },
  {
    name: "a column of somebody else's",
    spoil: sql("ALTER TABLE users_versions ADD COLUMN cost_centre VARCHAR DEFAULT 'none'")
  },
  {
    name: "tables, views, macros, indexes, schemas of somebody else's",
    spoil: sql(
      "CREATE SCHEMA hr",
      "CREATE TABLE hr.people AS SELECT range AS n FROM range(5000)",
      "CREATE TABLE Mine (k INTEGER PRIMARY KEY, v VARCHAR)",
      "INSERT INTO Mine VALUES (1, 'it''s'), (2, NULL)",
      "CREATE VIEW unsafe AS SELECT username FROM users WHERE NOT mfa_enabled",
      "CREATE MACRO twice(x) AS x * 2",
      "CREATE SEQUENCE counter",
      "CREATE TYPE mood AS ENUM ('good', 'bad')",
      "CREATE INDEX by_name ON users_versions (username)",
      "CREATE INDEX by_run ON users_versions (first_run_id, valid_from)",
      "COMMENT ON TABLE hr.people IS 'mine'"
    ),
    kept:
      "SELECT (SELECT sum(n) FROM hr.people) AS a, (SELECT string_agg(coalesce(v, '-'), ',' ORDER BY k) FROM Mine) AS b, " +
      "(SELECT count(*) FROM unsafe) >= 0 AS c, twice(21) AS d, 'good'::mood AS e, " +
      "(SELECT comment FROM duckdb_tables() WHERE table_name = 'people') AS f, " +
      "(SELECT count(*) FROM duckdb_indexes() WHERE index_name = 'by_name') AS g"
  }
]

const goesOn = ({ kept, refused }: Spoilt) => refused === undefined && kept === undefined

/** A ledger that lacks tables of ours and has objects of others, all at once. */
const together: Spoilt = {
  name: "columns and a table that are not there, and a column of somebody else's",
  spoil: (file) => Effect.forEach(spoilt.filter(goesOn), ({ spoil }) => spoil(file))
}

const strangers = (n: number) =>
  inFolder(Effect.fnUntraced(function*(folder) {
    const { data, duo, ledger } = yield* withGoodRun(folder)
    const good = `${folder}/good`
    copyFileSync(ledger, good)
    const reached = { refused: 0, "went on": 0, "truncated": 0 }
    const targets = everySink(data)
    const some = n < 10 ? [...spoilt.filter((one) => !goesOn(one)), together] : spoilt
    for (const { kept, name, refused, spoil } of some) {
      copyFileSync(good, ledger)
      yield* spoil(ledger)
      const ours = kept === undefined ? [] : yield* readers.query(ledger, kept)
      const before = tree(folder)
      const asked = duo.requests.length
      const { code, message } = yield* run(duo, data, refused === undefined ? targets.slice(0, 1) : targets)
      if (refused === undefined) {
        reached["went on"]++
        assert.strictEqual(code, 0, `${name}: ${message}`)
        const [row] = yield* readers.query(ledger, "SELECT count(*) AS n, count(strongest) AS s FROM users")
        assert.deepStrictEqual(row, { n: BigInt(users), s: BigInt(users) }, name)
        if (kept !== undefined) assert.deepStrictEqual(yield* readers.query(ledger, kept), ours, name)
      } else {
        reached.refused++
        assert.strictEqual(code, 73, `${name}: ${message}`)
        assert.match(message, refused, name)
        assert.include(message, "Move it away", name)
        assert.strictEqual(duo.requests.length, asked, `${name}: Duo was asked`)
        assert.deepStrictEqual(tree(folder), before, name)
      }
    }
    const { length } = readFileSync(good)
    for (let at = 0; at < n; at++) {
      copyFileSync(good, ledger)
      truncateSync(ledger, Math.floor(length * at / n))
      const before = tree(folder)
      const { code, message } = yield* run(duo, data, targets.slice(0, 1))
      reached.truncated++
      assert.strictEqual(code, 73, `cut to ${Math.floor(length * at / n)} bytes: ${message}`)
      assert.deepStrictEqual(tree(folder), before)
    }
    return reached
  }))

export const cases: ReadonlyArray<Case> = [
  {
    id: "D4",
    fault: "a ledger that is junk, cut off, newer, encrypted, or has other tables and columns",
    expected:
      "exit 73 with a message before the first request to Duo, or missing columns are added; objects of others stay",
    n: { test: 2, torture: 100 },
    run: ({ n }) => strangers(n)
  }
]
