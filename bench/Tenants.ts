/** Measures rounds of many small tenants, whose emulator is a process of its own: two days into the ledger and Parquet. */
import { Console, Effect, FileSystem, Path, Schema } from "effect"
import * as Processes from "./Processes.ts"
import { alone, compared } from "./Table.ts"

export interface Options {
  readonly tenants: number
  readonly rounds: number
}

export const full: Options = { tenants: 200, rounds: 3 }
export const quick: Options = { tenants: 20, rounds: 1 }

const users = 300

const Parent = Schema.fromJsonString(
  Schema.Struct({ host: Schema.String, ikey: Schema.String, skey: Schema.String })
)
const Summary = Schema.fromJsonString(
  Schema.Struct({ published: Schema.Int, rows: Schema.Record(Schema.String, Schema.Int) })
)

/** Two days in an empty directory: the usage of both, and the number of files that the second added. */
const twoDays = Effect.fnUntraced(function*(parent: Processes.Tenant, { tenants }: Options) {
  const fs = yield* FileSystem.FileSystem
  const { join } = yield* Path.Path
  const directory = yield* fs.makeTempDirectoryScoped({ prefix: "duo-mfa-bench-" })
  const files = Effect.gen(function*() {
    const names = yield* fs.readDirectory(directory, { recursive: true })
    const info = yield* Effect.forEach(names, (name) => fs.stat(join(directory, name)))
    return info.filter(({ type }) => type === "File").length
  })
  const day = Effect.gen(function*() {
    const { stdout, used } = yield* Processes.measure(
      Processes.duoMfa(parent, directory, ["extract", "--accounts", "--json", ...Processes.sinks])
    )
    const { published, rows } = yield* Schema.decodeEffect(Summary)(stdout)
    if (published !== tenants || rows["users"] !== tenants * users) {
      return yield* Effect.die(new Error(`published ${published} tenants with ${rows["users"]} users`))
    }
    return used
  })
  const first = yield* day
  const before = yield* files
  const second = yield* day
  return { first, second, files: (yield* files) - before }
}, Effect.scoped)

/** Rounds of many tenants. */
export const measure = Effect.fnUntraced(function*(options: Options) {
  const { rounds, tenants } = options
  yield* Console.error(`${tenants} tenants of ${users} users`)
  const line = yield* Processes.serve("src/main.ts", [
    "emulator",
    "--seed",
    "torture",
    "--children",
    String(tenants),
    "--users",
    String(users)
  ])
  const parent = yield* Schema.decodeEffect(Parent)(line)
  const measured = yield* Effect.forEach(Array.from({ length: rounds }), () => twoDays(parent, options))
  const what = `${tenants} tenants of ${users} users`
  return [
    alone(`${what}, processor time`, "s", measured.map(({ first }) => first.cpu), 90),
    alone("… their peak memory", "MB", measured.map(({ first, second }) => Math.max(first.peak, second.peak)), 512),
    compared(
      "… processor time of the second day; of the first",
      "s",
      measured.map(({ first, second }) => ({ ours: second.cpu, reference: first.cpu })),
      1.1
    ),
    alone(
      "… files that the second day adds: a manifest, and one for each of four tables",
      "",
      measured.map(({ files }) => files),
      5
    ),
    alone("… wall of a day", "s", measured.map(({ first }) => first.wall))
  ]
}, Effect.scoped)
