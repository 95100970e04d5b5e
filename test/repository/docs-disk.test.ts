/** The figures about disk in the docs: each is within 20 percent of what is measured. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { globSync, readFileSync, statSync } from "node:fs"
import * as LoginLog from "../../src/emulator/log/LoginLog.ts"
import * as Tenant from "../../src/emulator/people/Tenant.ts"
import { type Options, serve } from "../../src/emulator/server/Emulator.ts"
import { command } from "../support/processes/command.ts"
import { inFolder, settings } from "../support/processes/program.ts"

/** The megabytes in the row of a place, in the tables under a heading of the docs: per run, and once. */
const said = (heading: string, place: string) => {
  const text = readFileSync("docs/backup-restore-upgrade.md", "utf8")
  const row = text.slice(text.indexOf(`| ${heading} |`)).split("\n").find((line) => line.startsWith(`| \`${place}\``))
  return (row ?? "").split("|").slice(2, -1).map((cell) => parseFloat(cell) || 0)
}

const isWithin = (what: string, said: number, measured: number) =>
  assert.isTrue(
    measured > said * 0.8 && measured < said * 1.2,
    `${what}: the docs say ${said} MB, and ${measured} MB was measured`
  )

/** The megabytes of the files in each place after an extraction. */
const megabytesAfter = (options: Options, args: ReadonlyArray<string>, places: Readonly<Record<string, string>>) =>
  inFolder(Effect.fnUntraced(function*(folder) {
    const duo = yield* serve(options)
    const { code, stderr } = yield* command(folder, ["extract", ...args], settings(duo))
    assert.strictEqual(code, 0, stderr)
    const data = `${folder}/data`
    const sizeOf = (file: string) => statSync(`${data}/${file}`).isFile() ? statSync(`${data}/${file}`).size : 0
    const sizes = new Map(
      Object.entries(places).map(([place, files]) =>
        [place, globSync(files, { cwd: data }).map(sizeOf).reduce((a, b) => a + b, 0) / 1e6] as const
      )
    )
    return (place: string) => sizes.get(place) ?? NaN
  }))

describe("the disk that the docs speak of", () => {
  it.live("is that of a run: the ledger at first, and every snapshot", () =>
    Effect.gen(function*() {
      const places = {
        "duo.duckdb": "duo.duckdb",
        parquet: "parquet/*/run_date=*/*.parquet",
        "parquet/current": "parquet/current/*.parquet",
        ndjson: "ndjson/**/*",
        csv: "csv/**/*"
      }
      const sinks = ["duckdb", "parquet", "ndjson", "csv"].flatMap((sink) => ["--sink", sink])
      const [small, large] = [10_000, 20_000]
      const before = yield* megabytesAfter({ users: small }, sinks, places)
      const after = yield* megabytesAfter({ users: large }, sinks, places)
      // a file has parts that do not grow with the tenant, so the growth is measured
      const measured = (place: string) => (after(place) - before(place)) * 100_000 / (large - small)
      const [_, ledger = NaN] = said("per 100,000 users", "duo.duckdb")
      isWithin("the ledger at first", ledger, measured("duo.duckdb"))
      const [snapshot = NaN, current = NaN] = said("per 100,000 users", "parquet")
      isWithin("a snapshot as Parquet", snapshot, measured("parquet"))
      isWithin("the current snapshot", current, measured("parquet/current"))
      for (const place of ["ndjson", "csv"]) {
        isWithin(place, said("per 100,000 users", place)[0] ?? NaN, measured(place))
      }
    }))

  it("is that of the ledger's days in the bench, which took a year of them", () => {
    const { rows: [year] } = JSON.parse(readFileSync("bench/results/year.json", "utf8"))
    assert.strictEqual(year.what, "100,000 users, ledger of 365 days; of 2")
    isWithin(
      "the ledger on a day",
      said("per 100,000 users", "duo.duckdb")[0] ?? NaN,
      (year.ours - year.reference) / 363
    )
  })

  it.live("is that of a log", () =>
    Effect.gen(function*() {
      const yesterday = Math.floor(Date.now() / 86_400_000) - 1
      const [small, large] = [5_000, 15_000]
      const day = new Date(yesterday * 86_400_000).toISOString().slice(0, 10)
      const range = ["--from", day, "--to", new Date((yesterday + 1) * 86_400_000).toISOString().slice(0, 10)]
      const read = (logins: number) => {
        const tenant = Tenant.make({ users: 2000 })
        const log = LoginLog.make({
          seed: 1,
          users: LoginLog.usersOf(tenant),
          perDay: (on) => on === yesterday ? logins : 0,
          latePercent: 0
        })
        const places = { parquet: `parquet/authentications/**/*.parquet`, ndjson: "ndjson/**/*" }
        return megabytesAfter({ tenant, log }, ["auth", "--sink", "parquet", "--sink", "ndjson", ...range], places)
      }
      const [before, after] = [yield* read(small), yield* read(large)]
      for (const place of ["parquet", "ndjson"]) {
        const measured = (after(place) - before(place)) * 100_000 / (large - small)
        isWithin(`${place} of a log`, said("per 100,000 logins", place)[0] ?? NaN, measured)
      }
    }))
})
