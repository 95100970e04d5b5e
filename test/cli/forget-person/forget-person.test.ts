/** `forget-person`: the person is gone everywhere, all others stay as they are, and verify knows it. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { cpSync, globSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { gunzipSync, zstdDecompressSync } from "node:zlib"
import mfa from "../../../pipelines/mfa.ts"
import * as Tenant from "../../../src/emulator/people/Tenant.ts"
import { runAt } from "../../known/ledger.ts"
import { codesOn, usersOn } from "../../known/scene.ts"
import { livedAt } from "../../support/lived.ts"
import { command } from "../../support/processes/command.ts"
import { contents } from "../../support/processes/program.ts"
import * as readers from "../../support/readers.ts"

const inLived = livedAt(27_084, ["duckdb", "parquet", "ndjson", "csv"], 3)
const duoMfa = (folder: string, ...args: ReadonlyArray<string>) => command(folder, args, { DUO_MFA_DATA: "data" })

const user_id = "DUKIM"

/** All rows of others, in every sink. */
const others = Effect.fnUntraced(function*(data: string) {
  const asText = (rows: ReadonlyArray<Record<string, unknown>>) =>
    rows.map((row) => JSON.stringify(row, (_, cell: unknown) => typeof cell === "bigint" ? String(cell) : cell))
  const inFiles = mfa.tables.flatMap(({ name }) => [
    `read_parquet('${data}/parquet/${name}/*/*.parquet', filename = true, hive_partitioning = false)`,
    `read_parquet('${data}/parquet/current/${name}.parquet')`,
    `read_json('${data}/ndjson/${name}/*.zst', filename = true, format = 'newline_delimited')`,
    `read_csv('${data}/csv/${name}/*.csv', filename = true, all_varchar = true, new_line = '\\r\\n')`
  ])
  const inLedger = mfa.tables.flatMap(({ name }) => [`${name}_history`, `${name}_changes`, name])
  const ask =
    (names: ReadonlyArray<string>) => (sql: (text: string) => Effect.Effect<ReadonlyArray<Record<string, unknown>>>) =>
      Effect.forEach(
        names,
        (from) => Effect.map(sql(`FROM ${from} WHERE user_id <> '${user_id}' ORDER BY ALL`), asText)
      )
  return [
    yield* readers.inMemory("", ask(inFiles)),
    yield* readers.within(`${data}/duo.duckdb`, ask(inLedger))
  ]
})

/** The contents of a file, unpacked. */
const bytesOf = (file: string) => {
  const bytes = readFileSync(file)
  return file.endsWith(".zst") ? zstdDecompressSync(bytes) : file.endsWith(".gz") ? gunzipSync(bytes) : bytes
}

/** The files with one of the texts. */
const filesWith = (data: string, ...texts: ReadonlyArray<string>) =>
  globSync(`${data}/**/*.*`, { exclude: (name) => name.endsWith(".lock") })
    .filter((file) => texts.some((text) => bytesOf(file).includes(text))).map((file) => file.slice(data.length + 1))

const verdictsOf = Effect.fnUntraced(function*(folder: string) {
  const { code, stderr, stdout } = yield* duoMfa(folder, "verify", "--all", "--json")
  const tables: ReadonlyArray<{ readonly verdict: string }> = JSON.parse(stdout).tables
  return { code, stderr, verdicts: [...new Set(tables.map(({ verdict }) => verdict))].toSorted() }
})

describe("forget-person", () => {
  it.live("erases a person from every sink and every run, and changes nothing else", () =>
    inLived(Effect.fnUntraced(function*(data, folder) {
      const texts = [user_id, "kim@example.com", "+15555550111"]
      const before = yield* others(data)
      assert.isAbove(filesWith(data, ...texts).length, 15)
      for (const text of texts) assert.include(filesWith(data, text), "duo.duckdb")
      const untouched = contents(data)
      const dry = yield* duoMfa(folder, "forget-person", user_id, "--dry-run")
      assert.strictEqual(dry.code, 0, dry.stderr)
      assert.match(dry.stdout, /\ncsv +data\/csv +users +3\n/)
      assert.deepStrictEqual(contents(data), untouched)

      const { code, stderr, stdout } = yield* duoMfa(folder, "forget-person", user_id)
      assert.strictEqual(code, 0, stderr)
      assert.match(stdout, /\nduckdb +data\/duo\.duckdb +users +\d+\n/)
      assert.include(stdout, "the next run brings the person back")
      assert.deepStrictEqual(filesWith(data, ...texts), [])
      assert.deepStrictEqual(yield* others(data), before)
      const verified = yield* verdictsOf(folder)
      assert.deepStrictEqual(verified, { code: 0, stderr: "", verdicts: ["as erased", "no longer kept", "same"] })
      assert.match((yield* duoMfa(folder, "verify")).stdout, /all are as published or as erased\n$/)

      const [record = ""] = globSync(`${data}/erasures/*`)
      const { places, runs, tenant } = JSON.parse(readFileSync(record, "utf8"))
      assert.deepStrictEqual([runs, tenant, places.length], [3, "127.0.0.1:27084", 4])
      assert.strictEqual((yield* duoMfa(folder, "forget-person", user_id)).code, 4)
      assert.strictEqual((yield* duoMfa(folder, "rebuild")).code, 0)
      assert.deepStrictEqual(filesWith(data, ...texts), [])
      assert.deepStrictEqual(yield* others(data), before)
    })))

  it.live("names the files that still have the person", () =>
    inLived(Effect.fnUntraced(function*(data, folder) {
      assert.strictEqual((yield* duoMfa(folder, "report")).code, 0)
      writeFileSync(`${data}/notes.txt`, "ask Cid, that is cid@example.com")
      const { stdout } = yield* duoMfa(folder, "forget-person", "DUCID")
      assert.match(stdout, /data\/notes\.txt may still name the person/)
      assert.match(stdout, /data\/report\.html may still name the person/)
      assert.strictEqual((yield* duoMfa(folder, "report")).code, 0)
      assert.deepStrictEqual(filesWith(data, "DUCID", "cid@example.com"), ["notes.txt"])
    })))

  it.live("begins only if every sink can be read, and an erasure that was stopped is finished by the next one", () =>
    inLived(Effect.fnUntraced(function*(data, folder) {
      const untouched = contents(data)
      const [broken = ""] = globSync(`${data}/ndjson/mfa_methods/20261102*`)
      const content = readFileSync(broken)
      writeFileSync(broken, "no zstd")
      assert.strictEqual((yield* duoMfa(folder, "forget-person", user_id)).code, 74)
      writeFileSync(broken, content)
      assert.deepStrictEqual(contents(data), untouched)

      const before = yield* others(data)
      // there is no room for a staged copy of this name, which stops the erasure in the last sink
      const long = `${data}/csv/users/${"x".repeat(240)}.csv`
      cpSync(globSync(`${data}/csv/users/20261104*`)[0] ?? "", long)
      const stopped = yield* duoMfa(folder, "forget-person", user_id)
      assert.deepStrictEqual([stopped.code, globSync(`${data}/erasures/*`).length], [74, 1], stopped.stderr)
      rmSync(long)
      assert.isNotEmpty(filesWith(data, user_id))
      const between = yield* verdictsOf(folder)
      assert.deepStrictEqual([between.code, between.verdicts], [0, ["no longer kept", "same"]], between.stderr)
      assert.include(between.stderr, "An erasure was interrupted")

      const another = yield* duoMfa(folder, "forget-person", "DUCID")
      assert.strictEqual(another.code, 4)
      assert.include(another.stderr, "The erasure of another person was interrupted")
      const again = yield* duoMfa(folder, "forget-person", user_id)
      assert.deepStrictEqual([again.code, /csv +data\/csv +users +4\n/.test(again.stdout)], [0, true])
      assert.deepStrictEqual(filesWith(data, user_id, "kim@example.com"), [])
      assert.deepStrictEqual(globSync([`${data}/erasures/*.open`, `${data}/runs/*.open`, `${data}/**/*.part`]), [])
      assert.deepStrictEqual(yield* others(data), before)
      const after = yield* verdictsOf(folder)
      assert.deepStrictEqual([after.code, after.verdicts], [0, ["as erased", "no longer kept", "same"]])
    })))

  it.live("the next run finds the others as they were", () =>
    inLived(Effect.fnUntraced(function*(data, folder) {
      yield* duoMfa(folder, "forget-person", user_id)
      const tenant = Tenant.fromUsers(
        usersOn(8).filter((user) => user["user_id"] !== user_id),
        codesOn(8)
      )
      yield* runAt(data, Date.UTC(2026, 10, 5, 9), { port: 27_084, tenant })
      const { stdout } = yield* duoMfa(
        folder,
        "sql",
        "SELECT count(*) AS n FROM users_changes WHERE happened_by > '2026-11-05'"
      )
      assert.strictEqual(stdout, "n\r\n0\r\n")
      assert.deepStrictEqual((yield* verdictsOf(folder)).code, 0)
    })))
})
