/** D2: locations that cannot be written, and unusual locations that can. */
import { assert } from "@effect/vitest"
import { Effect } from "effect"
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs"
import { basename, dirname, join } from "node:path"
import { serve } from "../../../src/emulator/server/Emulator.ts"
import type { Target } from "../../../src/run/publish/ManifestFile.ts"
import type { Case } from "../Case.ts"
import { everySink, inFolder, published, run, tree } from "../support/InProcess.ts"

interface Place {
  /** The data directory; by default `data` in the folder. */
  readonly data?: string
  /** The sinks; by default all four, in the data directory. */
  readonly sinks?: ReadonlyArray<Target>
  /** A text that the error message must have; if not given, the run must work. */
  readonly refused?: RegExp
}

/** A row of the table: its description, and a function that makes the location in an empty folder. */
type Row = readonly [name: string, make: (folder: string) => Place]

const to = (sink: string, location: string): ReadonlyArray<Target> => [{ sink, location }]

/** For every sink, a directory with a name and a file with that name in it. */
const named = (name: string): Row => [
  `named ${JSON.stringify(name).slice(0, 30)}`,
  (folder) => ({
    data: join(folder, name),
    sinks: [
      { sink: "duckdb", location: join(folder, name, `${name}.duckdb`) },
      ...["parquet", "ndjson", "csv"].map((sink) => ({ sink, location: join(folder, name, sink, name) }))
    ]
  })
]

/**
 * Names that shells, SQL, patterns, options or terminals could interpret: all of them in one path in `make test`, and
 * each alone in `make torture`.
 */
const odd = [
  "it's",
  "a \"quote\"",
  "\\",
  "100 %25 %s",
  "a#b",
  "a;b && $(c) `d`",
  "*[ab]",
  "env=x",
  "a:b",
  "caf\u0065\u0301"
]
const terminal = ["two\nlines\r", "\u202etxt", "\u001b[2J", "key \u{1f511}"]
const short = ["-", " ", "..."]
const together = [[...odd, ...terminal].join(" ")].map(named)
const alone = [...odd, ...terminal, ...short].map(named)

/** A link in the data directory to something that does not exist, or that must not be used. */
const link = (name: string, target: string, refused: RegExp): Row => [`a link ${name} to ${target}`, (folder) => {
  mkdirSync(dirname(join(folder, "data", name)), { recursive: true })
  symlinkSync(target, join(folder, "data", name))
  return { refused }
}]

/** 50 emoji of 4 bytes and 55 letters are 255 bytes, the longest name that a file can have. */
const longest = "\u{1f511}".repeat(50) + "l".repeat(55)

const rows: ReadonlyArray<Row> = [
  ["? in a name, for DuckDB", (folder) => ({ data: join(folder, "a?b"), refused: /a path with a \? in it/ })],
  [
    "? in a name, for Parquet",
    (folder) => ({ sinks: to("parquet", join(folder, "a?b")), refused: /a \? can only begin/ })
  ],
  [
    "? in a name, for text",
    (folder) => ({ sinks: to("ndjson", join(folder, "a?b")), refused: /a \? can only begin/ })
  ],
  ["a name of 255 bytes", (folder) => ({ data: join(folder, longest) })],
  ["a name of 256 bytes", (folder) => ({ data: join(folder, `${longest}l`), refused: /DUO_MFA_DATA/ })],
  ["a ledger of 255 bytes, which leaves no room to stage", (folder) => ({
    sinks: to("duckdb", join(folder, longest)),
    refused: /ENAMETOOLONG.*--sink/
  })],
  [
    "a path of 5,000 bytes",
    (folder) => ({ sinks: to("csv", join(folder, "d/".repeat(2500))), refused: /ENAMETOOLONG/ })
  ],
  [
    "parents that do not exist",
    (folder) => ({ data: join(folder, "a/b/c"), sinks: everySink(join(folder, "d/e/f")) })
  ],
  ["a directory where the ledger would be", (folder) => {
    mkdirSync(join(folder, "data/duo.duckdb"), { recursive: true })
    return { refused: /duo\.duckdb is a directory.*--sink/ }
  }],
  ...["parquet", "ndjson", "csv"].map((sink): Row => [`a file where ${sink} would be`, (folder) => {
    mkdirSync(join(folder, "data"))
    writeFileSync(join(folder, "data", sink), "mine")
    return { refused: new RegExp(`data/${sink}.*--sink ${sink}`) }
  }]),
  ["a file where a table would be", (folder) => {
    mkdirSync(join(folder, "data/csv"), { recursive: true })
    writeFileSync(join(folder, "data/csv/mfa_methods"), "mine")
    return { refused: /mfa_methods is not a directory/ }
  }],
  ["a directory where current/users.parquet would be", (folder) => {
    mkdirSync(join(folder, "data/parquet/current/users.parquet"), { recursive: true })
    return { refused: /users\.parquet is a directory/ }
  }],
  ["a file where the data would be", (folder) => {
    writeFileSync(join(folder, "data"), "mine")
    return { refused: /DUO_MFA_DATA/ }
  }],
  ["a file where the parent would be", (folder) => {
    writeFileSync(join(folder, "data"), "mine")
    return { data: join(folder, "data/deeper"), refused: /DUO_MFA_DATA/ }
  }],
  ["a place where nothing can be made", () => ({ data: "/proc/nowhere/data", refused: /ENOENT.*DUO_MFA_DATA/ })],
  ["a file where the manifests would be", (folder) => {
    mkdirSync(join(folder, "data"))
    writeFileSync(join(folder, "data/runs"), "mine")
    return { refused: /DUO_MFA_DATA/ }
  }],
  ["a directory where the lock would be", (folder) => {
    mkdirSync(join(folder, "data/.lock"), { recursive: true })
    return { refused: /DUO_MFA_DATA/ }
  }],
  ["links to directories", (folder) => {
    for (const name of ["data", "ndjson"]) mkdirSync(join(folder, "real", name), { recursive: true })
    symlinkSync("real/data", join(folder, "data"))
    symlinkSync("../ndjson", join(folder, "real/data/ndjson"))
    mkdirSync(join(folder, "real/data/csv/tables"), { recursive: true })
    symlinkSync("tables", join(folder, "real/data/csv/users"))
    return {}
  }],
  ["a link for a table that leads out of the sink's directory", (folder) => {
    for (const name of ["data/csv", "tables"]) mkdirSync(join(folder, name), { recursive: true })
    symlinkSync("../../tables", join(folder, "data/csv/users"))
    return { refused: /users is a link that leads out of .*--sink csv/ }
  }],
  ["link to a ledger that is not there yet", (folder) => {
    mkdirSync(join(folder, "data"))
    mkdirSync(join(folder, "elsewhere"))
    symlinkSync("second", join(folder, "data/duo.duckdb"))
    symlinkSync("../elsewhere/ledger", join(folder, "data/second"))
    return {}
  }],
  ["a link for a ledger, to a directory", (folder) => {
    mkdirSync(join(folder, "data"))
    symlinkSync(".", join(folder, "data/duo.duckdb"))
    return { refused: /is a directory/ }
  }],
  ...["duo.duckdb", "parquet", "ndjson", "csv", "csv/users", "runs", ".lock"].map((name) =>
    link(name, basename(name), /ELOOP|symbolic links|DUO_MFA_DATA/)
  ),
  ...["parquet", "ndjson", "csv", "csv/users"].map((name) =>
    link(name, "nowhere", /ENOENT|a link to something that does not exist/)
  )
]

const places = (isShort: boolean) =>
  Effect.scoped(Effect.gen(function*() {
    const wrong: Array<string> = []
    const reached = { refused: 0, worked: 0 }
    const duo = yield* serve({ users: 3 })
    for (const [name, make] of [...rows, ...together, ...isShort ? [] : alone]) {
      yield* inFolder(Effect.fnUntraced(function*(folder) {
        const { data = join(folder, "data"), refused, sinks = everySink(data) } = make(folder)
        const before = tree(folder)
        const asked = duo.requests.length
        const { code, message, outcome } = yield* run(duo, data, sinks)
        if (refused !== undefined) {
          reached.refused++
          if (code !== 73 || !refused.test(message)) wrong.push(`${name}: ended with ${code}: ${message}`)
          if (duo.requests.length > asked) wrong.push(`${name}: Duo was asked`)
          if (JSON.stringify(tree(folder)) !== JSON.stringify(before)) wrong.push(`${name}: something changed`)
        } else if (outcome === undefined) wrong.push(`${name}: ended with ${code}: ${message}`)
        else {
          reached.worked++
          const again = isShort && !name.startsWith("link") ? { outcome, code, message } : yield* run(duo, data, sinks)
          if (again.outcome === undefined) {
            wrong.push(`${name}: the second run ended with ${again.code}: ${again.message}`)
          }
          for (const target of sinks) {
            const users = yield* published(target, again.outcome ?? outcome)
            if (users.length !== 3) wrong.push(`${name}: ${target.sink} has ${users.length} users`)
          }
          for (const file of Object.keys(before)) {
            if (tree(folder)[file] !== before[file]) wrong.push(`${name}: ${file} changed`)
          }
        }
      }))
    }
    assert.strictEqual(wrong.length, 0, wrong.join("\n"))
    return reached
  }))

export const cases: ReadonlyArray<Case> = [{
  id: "D2",
  fault: "a location that cannot be written, or one with an unusual name",
  expected: "exit 73 with a message before the first request to Duo, and nothing changed; or it works",
  n: { test: 1, torture: 2 },
  run: ({ n }) => places(n === 1)
}]
