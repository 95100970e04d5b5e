/** D2r: locations that the process may not use, or at which another device is mounted. */
import { assert } from "@effect/vitest"
import { Effect } from "effect"
import { chmodSync, cpSync, mkdirSync, renameSync, symlinkSync } from "node:fs"
import { join } from "node:path"
import { serve } from "../../../src/emulator/server/Emulator.ts"
import { contents, settings } from "../../support/processes/program.ts"
import type { Case } from "../Case.ts"
import { afterwards } from "../support/afterwards.ts"
import { everySink, inFolder, run } from "../support/InProcess.ts"
import { process as program } from "../support/Process.ts"

interface Row {
  readonly name: string
  /** The change to `data`, which has a good run. */
  readonly spoil?: (data: string) => void
  /** Shell commands that mount something in `data` before the program starts. */
  readonly mount?: string
  readonly sinks: ReadonlyArray<string>
  /** A text that the error message must have; if not given, the run must work. */
  readonly refused?: RegExp
}

/** Runs the program without the right of root to ignore permissions. */
const asNobodySpecial = globalThis.process.getuid?.() === 0 ? ["setpriv", "--bounding-set=-all", "--inh-caps=-all"] : []

/** Runs the program in a namespace of its own, so that only it sees the mounts. */
const mounted = (script: string) => ["unshare", "--map-root-user", "--mount", "sh", "-ec", `${script}; exec "$@"`, "sh"]

const mode = (path: string, mode: number) => (data: string) => chmodSync(join(data, path), mode)

/** `make test` tries the first ones, `make torture` all. */
const rows: ReadonlyArray<Row> = [
  {
    name: "data may not be written",
    spoil: mode(".", 0o500),
    sinks: ["csv", "duckdb"],
    refused: /EACCES.*--sink duckdb/
  },
  {
    name: "a ledger may not be read",
    spoil: mode("duo.duckdb", 0),
    sinks: ["duckdb"],
    refused: /ermission denied.*--sink/
  },
  { name: "a ledger may only be read", spoil: mode("duo.duckdb", 0o400), sinks: ["duckdb"] },
  {
    name: "data is on a read-only device",
    mount: "mount --bind data data; mount -o remount,bind,ro data",
    sinks: ["csv"],
    refused: /read-only file system.*DUO_MFA_DATA/i
  },
  {
    name: "a table is on another device",
    mount: "mount -t tmpfs tmpfs data/ndjson/users",
    sinks: ["ndjson"],
    refused: /ndjson\/users is on another device/
  },
  {
    name: "a sink may not be written",
    spoil: mode("ndjson", 0o500),
    sinks: ["csv", "ndjson"],
    refused: /EACCES.*--sink/
  },
  { name: "a table may not be written", spoil: mode("csv/users", 0o500), sinks: ["csv"], refused: /EACCES.*--sink/ },
  {
    name: "current may not be written",
    spoil: mode("parquet/current", 0o500),
    sinks: ["parquet"],
    refused: /EACCES.*--sink/
  },
  { name: "data may not be entered", spoil: mode(".", 0o600), sinks: ["csv"], refused: /DUO_MFA_DATA/ },
  { name: "runs may not be written", spoil: mode("runs", 0o500), sinks: ["csv"], refused: /EACCES.*DUO_MFA_DATA/ },
  {
    name: "a sink is on a read-only device",
    mount: "mount -t tmpfs tmpfs data/parquet; mount -o remount,ro data/parquet",
    sinks: ["csv", "parquet"],
    refused: /EROFS.*--sink parquet/
  },
  {
    name: "current is on another device",
    mount: "mount -t tmpfs tmpfs data/parquet/current",
    sinks: ["parquet"],
    refused: /current is on another device/
  },
  {
    name: "links lead to another device",
    mount: "mount -t tmpfs tmpfs other; cp data/real.duckdb other/; mkdir other/csv",
    spoil: (data) => {
      mkdirSync(join(data, "../other"))
      renameSync(join(data, "duo.duckdb"), join(data, "real.duckdb"))
      symlinkSync("../other/real.duckdb", join(data, "duo.duckdb"))
      renameSync(join(data, "csv"), join(data, "was"))
      symlinkSync("../other/csv", join(data, "csv"))
    },
    sinks: ["duckdb", "csv"]
  }
]

const rights = (isShort: boolean) =>
  inFolder(Effect.fnUntraced(function*(good) {
    const duo = yield* serve({ users: 3 })
    const data = join(good, "data")
    assert.strictEqual((yield* run(duo, data, everySink(data))).code, 0)
    const reached = { refused: 0, worked: 0 }
    yield* Effect.forEach(rows.slice(0, isShort ? 5 : rows.length), (row) =>
      inFolder(Effect.fnUntraced(function*(folder) {
        cpSync(good, folder, { recursive: true })
        row.spoil?.(join(folder, "data"))
        const before = row.refused === undefined ? {} : contents(folder)
        const theirs = yield* serve({ users: 3 })
        const ended = yield* program({
          cwd: folder,
          args: ["extract", ...row.sinks.flatMap((sink) => ["--sink", sink])],
          env: settings(theirs),
          by: row.mount === undefined ? asNobodySpecial : mounted(row.mount)
        })
        chmodSync(join(folder, "data"), 0o700)
        if (row.refused === undefined) {
          assert.strictEqual(ended.code, 0, `${row.name}: ${ended.stderr}`)
          reached.worked++
        } else {
          assert.match(ended.stderr, row.refused, row.name)
          assert.strictEqual(theirs.requests.length, 0, `${row.name}: Duo was asked`)
          reached.refused++
          yield* afterwards({ folder, before, recovered: true, ended, codes: [73], keys: theirs })
        }
      })), { concurrency: 2 })
    return reached
  }))

export const cases: ReadonlyArray<Case> = [{
  id: "D2r",
  fault: "a location that the process may not use, or that is on another device",
  expected: "exit 73 before the first request to Duo, and nothing changed; read-only files are replaced",
  n: { test: 1, torture: 2 },
  run: ({ n }) => rights(n === 1)
}]
