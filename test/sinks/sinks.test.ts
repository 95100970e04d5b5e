import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, layer, vi } from "@effect/vitest"
import { Effect, FileSystem } from "effect"
import csv from "../../sinks/csv.ts"
import duckdb from "../../sinks/duckdb.ts"
import ndjson from "../../sinks/ndjson.ts"
import parquet from "../../sinks/parquet.ts"
import { SinkError } from "../../src/failure/SinkError.ts"
import { plain, rowsOf, runOf, things } from "../laws/rows.ts"
import { comparable, perform, readBack, sinkLaws, stage } from "../laws/sink.ts"
import * as readers from "../support/readers.ts"

/** Parts of a path that look like columns of the tables, and parts that are patterns which other files match. */
const below = "tenant=prod/user_id=U1/is_on=false/run_date=2020-01-01/[ab]* {c,d} it's 100%25/"

// a sink that reads these paths correctly reads plain paths correctly too
sinkLaws(duckdb, { read: readers.duckdb, below })
sinkLaws(parquet, { read: readers.parquet, below })
sinkLaws(ndjson, { read: readers.ndjson, below })
sinkLaws(csv, { read: readers.csv, below })

const place = Effect.gen(function*() {
  const fs = yield* FileSystem.FileSystem
  return yield* fs.makeTempDirectoryScoped({ prefix: "duo-mfa-sinks-" })
})
const run = runOf(1)
const rows = {
  things: rowsOf(run, [{ ...plain, moment: 1_795_464_900_000_000n, name: "=1+1", note: "a,\"b\"\r\nc" }])
}
const common = "01K00000000000000000000001,2026-11-23T20:16:00.123000Z,api-11111111.duosecurity.com,U0"

layer(NodeServices.layer)("csv", (it) => {
  it.effect("is RFC 4180, and no cell starts a formula", () =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const location = yield* place
      yield* perform(csv, location, run, rows)
      assert.strictEqual(
        Buffer.from(yield* fs.readFile(`${location}/things/${run.run_id}.csv`)).toString(),
        "\ufeffrun_id,observed_at,tenant,user_id,name,moment,note,is_on,count,seen_at\r\n" +
          `${common},'=1+1,2026-11-23T20:15:00Z,"a,""b""\r\nc",true,7,\r\n`
      )
    }))

  it.effect("has a byte order mark, unless the target has ?bom=no; other options are refused", () =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const location = yield* place
      for (const [option, start] of [["", "efbbbf"], ["?bom=yes", "efbbbf"], ["?bom=no", "72756e"]] as const) {
        const at = `${location}/${option === "" ? "as it is" : option.slice(5)}`
        yield* perform(csv, `${at}${option}`, run, rows)
        const bytes = yield* fs.readFile(`${at}/things/${run.run_id}.csv`)
        assert.strictEqual(Buffer.from(bytes.subarray(0, 3)).toString("hex"), start)
        assert.deepStrictEqual(comparable((yield* readBack(csv, `${at}${option}`, run, things)) ?? []), rows.things)
      }
      for (const option of ["?bom=maybe", "?bom", "?bom=no&x=1"]) {
        const error = yield* Effect.flip(Effect.scoped(csv.open(`${location}/other${option}`, run, "/nowhere")))
        assert.strictEqual(error._tag, "CannotCreate")
      }
    }))
})

layer(NodeServices.layer)("ndjson", (it) => {
  const cells = `"run_id":"${run.run_id}","observed_at":"2026-11-23T20:16:00.123000Z",` +
    `"tenant":"${run.tenant}","user_id":"U0","name":"=1+1","moment":"2026-11-23T20:15:00Z",` +
    "\"note\":\"a,\\\"b\\\"\\r\\nc\",\"is_on\":true,\"count\":7,\"seen_at\":null}\n"

  it.effect("has one object per line, with all columns in order", () =>
    Effect.gen(function*() {
      for (
        const [option, suffix] of [["", ".zst"], ["?compression=zstd", ".zst"], ["?compression=gzip", ".gz"], [
          "?compression=none",
          ""
        ]]
      ) {
        const at = `${yield* place}/ndjson`
        yield* perform(ndjson, `${at}${option}`, run, rows)
        assert.strictEqual(readers.unpacked(`${at}/things/${run.run_id}.ndjson${suffix}`), `{${cells}`)
        assert.deepStrictEqual(comparable((yield* readBack(ndjson, `${at}${option}`, run, things)) ?? []), rows.things)
      }
    }))

  it.effect("refuses a target with another option after the ?", () =>
    Effect.gen(function*() {
      const location = yield* place
      for (const option of ["?compression=lz4", "?level=3", "?compression=none&x=1"]) {
        const error = yield* Effect.flip(Effect.scoped(ndjson.open(`${location}${option}`, run, "/nowhere")))
        assert.strictEqual(error._tag, "CannotCreate")
      }
    }))

  it.effect("reads back uncompressed files where new files are compressed", () =>
    Effect.gen(function*() {
      const location = `${yield* place}/ndjson`
      yield* perform(ndjson, `${location}?compression=none`, run, rows)
      assert.deepStrictEqual(comparable((yield* readBack(ndjson, location, run, things)) ?? []), rows.things)
    }))

  it.effect("is written to standard output when it is published, each line with its table, and is not kept", () =>
    Effect.gen(function*() {
      const written: Array<string> = []
      yield* Effect.acquireRelease(
        Effect.sync(() =>
          vi.spyOn(process.stdout, "write").mockImplementation((bytes, ...rest: ReadonlyArray<unknown>) => {
            written.push(Buffer.from(bytes).toString())
            const done = rest.at(-1)
            if (typeof done === "function") done()
            return true
          })
        ),
        (spy) => Effect.sync(() => spy.mockRestore())
      )
      const { publication } = yield* stage(ndjson, "-", run, rows)
      assert.deepStrictEqual(written, [])
      yield* ndjson.publish(publication, run.run_id, "-")
      yield* ndjson.publish(publication, run.run_id, "-")
      assert.deepStrictEqual(written, [`{"table":"things",${cells}`])
      assert.isUndefined(yield* readBack(ndjson, "-", run, things))
    }))

  it.effect("a publication for standard output removes only the files that the run staged", () =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const directory = yield* fs.makeTempDirectoryScoped()
      for (const name of ["mine", `${run.run_id}.part`, "a.other.part"]) {
        const file = `${directory}/${name}`
        yield* fs.writeFileString(file, "")
        const refused = yield* Effect.flip(
          ndjson.publish({ standard_output: [file], process: "another" }, run.run_id, "-")
        )
        assert.strictEqual(refused._tag, "Corrupt")
        assert.isTrue(yield* fs.exists(file))
      }
    }))
})

layer(NodeServices.layer)("parquet", (it) => {
  const current = (location: string) => readers.parquetFile(`${location}/current/things.parquet`, things.columns)

  it.effect("current has the last run of every tenant, with the table's columns, even if the old file had others", () =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const location = yield* place
      const [one, other, two] = [runOf(1), runOf(2, "api-2.duosecurity.com"), runOf(3)]
      const of = (run: typeof one) => ({ things: rowsOf(run, [plain]) })
      yield* fs.makeDirectory(`${location}/current`)
      yield* readers.execute(
        ":memory:",
        `COPY (SELECT 'api-3' AS tenant, 'r' AS run_id, now() AS observed_at, 'U' AS user_id, 1 AS count, 1 AS old) ` +
          `TO '${location}/current/things.parquet'`
      )
      for (const run of [one, other, two]) yield* perform(parquet, location, run, of(run))
      const { rows } = yield* current(location)
      assert.sameMembers(rows.map(({ run_id }) => run_id), ["r", other.run_id, two.run_id])
      assert.deepStrictEqual(rows.find(({ run_id }) => run_id === "r")?.["count"], 1)
      yield* perform(parquet, location, runOf(4), of(runOf(4)), { tables_collected: [] })
      assert.deepStrictEqual(comparable((yield* current(location)).rows), comparable(rows))
    }))

  it.effect("the schema does not depend on the rows: no nesting, instants in UTC, the dictionary in the metadata", () =>
    Effect.gen(function*() {
      const location = yield* place
      yield* perform(parquet, location, run, {})
      const { metadata } = yield* current(location)
      const schema = metadata.schema.slice(1).map(({ converted_type, name, type }) => [name, type, converted_type])
      const types = {
        text: ["BYTE_ARRAY", "UTF8"],
        boolean: ["BOOLEAN", undefined],
        bigint: ["INT64", "INT_64"],
        timestamp: ["INT64", "TIMESTAMP_MICROS"]
      }
      assert.deepStrictEqual(schema, things.columns.map(({ name, type }) => [name, ...types[type]]))
      for (const { logical_type } of metadata.schema) {
        if (logical_type?.type === "TIMESTAMP") {
          assert.deepStrictEqual([logical_type.isAdjustedToUTC, logical_type.unit], [true, "MICROS"])
        }
      }
      const entries = Object.fromEntries(
        (metadata.key_value_metadata ?? []).map(({ key, value }) => [key, value ?? ""])
      )
      assert.deepStrictEqual(JSON.parse(entries["duo_mfa.dictionary"] ?? "").columns, things.columns)
      assert.strictEqual(entries["duo_mfa.run_id"], run.run_id)
    }))

  it.effect("is compressed with zstd, or with snappy if the target has that option; other options are refused", () =>
    Effect.gen(function*() {
      const location = yield* place
      for (const [option, codec] of [["", "ZSTD"], ["?compression=snappy", "SNAPPY"]] as const) {
        yield* perform(parquet, `${location}${option}`, run, rows)
        const { metadata } = yield* current(location)
        assert.strictEqual(metadata.row_groups[0]?.columns[0]?.meta_data?.codec, codec)
      }
      for (const option of ["?compression=lz4", "?level=3", "?compression=zstd&x=1"]) {
        const error = yield* Effect.flip(Effect.scoped(parquet.open(`${location}${option}`, run, "/nowhere")))
        assert.strictEqual(error._tag, "CannotCreate")
      }
    }))

  it.effect(
    "every group except the last has 122,880 rows, for batches of any size and any number of tenants",
    () =>
      Effect.gen(function*() {
        const location = yield* place
        const [one, other] = [runOf(1), runOf(2, "api-2.duosecurity.com")]
        const group = 122_880
        const groups = Effect.map(
          current(location),
          ({ metadata }) => metadata.row_groups.map(({ num_rows }) => Number(num_rows))
        )
        const of = (run: typeof one, count: number) => ({
          things: rowsOf(run, Array.from({ length: count }, (_, index) => ({ ...plain, note: index % 3 ? "n" : null })))
        })
        yield* perform(parquet, location, one, of(one, group + 10_007))
        assert.deepStrictEqual(yield* groups, [group, 10_007])
        yield* perform(parquet, location, other, of(other, group + 333))
        assert.deepStrictEqual(yield* groups, [group, group, 10_340])
      }),
    60_000
  )

  it.effect("a directory may have a name that is a pattern or looks like a partition", () =>
    Effect.gen(function*() {
      const location = `${yield* place}/env=[ab]*`
      yield* perform(parquet, location, run, rows)
      yield* perform(parquet, location, runOf(2), { things: rowsOf(runOf(2), [plain]) })
      assert.deepStrictEqual(comparable((yield* readBack(parquet, location, run, things)) ?? []), rows.things)
    }))
})

layer(NodeServices.layer)("every sink", (it) => {
  it.effect("refuses a run that it has already, and does not mix the two", () =>
    Effect.gen(function*() {
      const directory = yield* place
      for (const sink of [duckdb, parquet, ndjson, csv]) {
        const location = sink.location(directory)
        yield* stage(sink, location, run, rows)
        const error = yield* Effect.flip(stage(sink, location, run, rows))
        assert.instanceOf(error, SinkError)
        assert.strictEqual(error.reason._tag, "CannotCreate")
      }
    }))
})
