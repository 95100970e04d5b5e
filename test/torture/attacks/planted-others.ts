/** W2: other things that somebody can plant: owners, rights, settings, keys, SQL, Parquet, recordings, locks. */
import { DuckDBInstance } from "@duckdb/node-api"
import { chmodSync, globSync, mkdirSync, renameSync, rmSync, symlinkSync } from "node:fs"
import { join } from "node:path"
import { type Ground, planted, published, type Row, toStranger, write } from "./ground.ts"

const settings: ReadonlyArray<Row> = [
  {
    name: "a database elsewhere in the settings of another user",
    plant: ({ elsewhere, folder }) => {
      const { host, port } = new URL(elsewhere.replace("postgres:", "http:"))
      write(join(folder, ".env"), `PGHOST=${host.split(":")[0]}\nPGPORT=${port}\nPGUSER=duo\nPGDATABASE=d\n`)
      toStranger(join(folder, ".env"))
    },
    args: ["check", "--offline", "--sink", "postgres"],
    code: 78,
    says: /\.env belongs to another user/,
    stranger: true
  },
  {
    name: "a database elsewhere in settings that others may write",
    plant: ({ elsewhere, folder }) => {
      const { host, port } = new URL(elsewhere.replace("postgres:", "http:"))
      write(join(folder, ".env"), `PGHOST=${host.split(":")[0]}\nPGPORT=${port}\nPGUSER=duo\nPGDATABASE=d\n`)
      chmodSync(join(folder, ".env"), 0o660)
    },
    args: ["check", "--offline", "--sink", "postgres"],
    code: 78,
    says: /Other users may write .*\.env/
  }
]

const commands: ReadonlyArray<ReadonlyArray<string>> = [
  ["check", "--offline", "--sink", "csv"],
  ["extract", "--sink", "csv"],
  ["extract", "--dry-run"],
  ["sql"],
  ["sql", "@"],
  ["policy"],
  ["verify"],
  ["rebuild"],
  ["report"]
]

const owners: ReadonlyArray<Row> = [
  ...commands.map((args): Row => ({
    name: `a data directory of another user, for ${args.join(" ")}`,
    plant: ({ data }) => toStranger(data),
    args,
    code: 78,
    says: /data belongs to another user \(uid 12345\).*chown -R "\$\(id -un\)" '.*data'/s,
    stranger: true
  })),
  {
    name: "manifests of another user",
    plant: ({ data }) => toStranger(join(data, "runs")),
    code: 78,
    says: /runs belongs to another user/,
    stranger: true
  },
  ...[0o770, 0o702, 0o1777].map((mode): Row => ({
    name: `a data directory of mode ${mode.toString(8)}`,
    plant: ({ data }) => chmodSync(data, mode),
    code: 78,
    says: /Other users may write .*data.*chmod go-w '.*data'/s
  })),
  {
    name: "manifests that others may write",
    plant: ({ data }) => chmodSync(join(data, "runs"), 0o720),
    code: 78,
    says: /Other users may write .*runs/
  },
  {
    name: "a link of another user for the data directory",
    plant: ({ data, folder }) => {
      renameSync(data, join(folder, "real"))
      symlinkSync("real", data)
      toStranger(data)
    },
    code: 78,
    says: /belongs to another user/,
    stranger: true
  }
]

/** Changes the existing ledger. */
const inDuckDb = async (file: string, statements: ReadonlyArray<string>) => {
  const instance = await DuckDBInstance.create(file)
  const connection = await instance.connect()
  for (const statement of statements) await connection.run(statement)
  connection.closeSync()
  instance.closeSync()
}

/** A ledger with its old rows and a view that also reads a file. */
const ledgerOf = ({ data, outside }: Ground) =>
  inDuckDb(join(data, "duo.duckdb"), [
    "ALTER TABLE runs RENAME TO kept",
    `CREATE VIEW runs AS SELECT * FROM kept WHERE (SELECT content FROM read_text('${outside}/secret')) IS NOT NULL`,
    `CREATE OR REPLACE VIEW users AS SELECT content AS username FROM read_text('${outside}/secret')`
  ])

/** A Parquet file that claims to be from a pipeline. */
const parquetOf = ({ data }: Ground, pipeline: string) => {
  const [good = ""] = globSync("parquet/users/*/*.parquet", { cwd: data })
  const folder = join(data, "parquet/users/run_date=2026-01-01")
  mkdirSync(folder)
  return inDuckDb(":memory:", [
    `SET VARIABLE run = (SELECT replace(replace(decode(value), '"mfa"', '"${pipeline}"'), '"run_id":"', '"run_id":"${planted}","_":"')
     FROM parquet_kv_metadata('${join(data, good)}') WHERE decode(key) = 'duo_mfa.run')`,
    `COPY (FROM read_parquet('${join(data, good)}', hive_partitioning = false)) TO '${folder}/${planted}.parquet'
     (FORMAT parquet, KV_METADATA {'duo_mfa.run': getvariable('run')})`
  ])
}

const others: ReadonlyArray<Row> = [
  {
    name: "a published run of a pipeline that is a path",
    plant: published(({ module }) => ({ pipeline: module, sinks: [] })),
    args: ["verify", "--all"],
    code: 4,
    says: /runs of the pipeline .*planted\.mjs/
  },
  {
    name: "Parquet of a pipeline that is a path",
    plant: (ground) => parquetOf(ground, ground.module),
    args: ["rebuild"],
    code: 64,
    says: /Unknown pipeline .*planted\.mjs/
  },
  {
    name: "an open run that is a link to a file",
    plant: ({ data, outside }) => symlinkSync(join(outside, "secret"), join(data, `runs/${planted}.json.open`)),
    code: 73,
    says: /json\.open is damaged/
  },
  {
    name: "views.sql that writes and reads",
    plant: ({ data, outside }) =>
      write(
        join(data, "parquet/views.sql"),
        `COPY (SELECT 1) TO '${outside}/victim'; CREATE VIEW users AS SELECT content AS username FROM read_text('${outside}/secret');`
      ),
    args: ["sql", "--parquet", "--format", "csv", "SELECT username FROM users LIMIT 1"],
    code: 0,
    says: /^/
  },
  {
    name: "a ledger whose view reads a file, for sql",
    plant: (ground) => ledgerOf(ground),
    args: ["sql", "--format", "csv", "SELECT username FROM users"],
    code: 74,
    says: /disabled by configuration/
  },
  {
    name: "a ledger whose table is a view of a file, for verify",
    plant: (ground) => ledgerOf(ground),
    args: ["verify", "--all"],
    code: 74,
    says: /disabled by configuration/
  },
  {
    name: "a query that reads a file",
    plant: ({ data, outside }) => {
      mkdirSync(join(data, "queries"))
      write(join(data, "queries/planted.sql"), `SELECT content FROM read_text('${outside}/secret')`)
    },
    args: ["sql", "@planted"],
    code: 64,
    says: /disabled/
  },
  {
    name: "a policy that writes a file",
    plant: ({ data, outside }) => {
      mkdirSync(join(data, "policies"))
      write(join(data, "policies/planted.sql"), `SELECT 1); COPY (SELECT 1) TO '${outside}/victim'; (SELECT 1`)
    },
    args: ["policy", "planted"],
    code: 5,
    says: /planted/
  },
  {
    name: "a key of another user",
    plant: ({ data }) => {
      write(join(data, "pii.key"), `${"0".repeat(64)}\n`)
      toStranger(join(data, "pii.key"))
    },
    args: ["extract", "--sink", "csv", "--pii", "hash"],
    code: 78,
    says: /pii\.key belongs to another user/,
    stranger: true
  },
  {
    name: "a record of another user",
    plant: ({ folder }) => {
      mkdirSync(join(folder, "record"), { mode: 0o700 })
      toStranger(join(folder, "record"))
    },
    args: ["extract", "--sink", "csv", "--replay", "record"],
    code: 78,
    says: /record belongs to another user/,
    stranger: true
  },
  {
    name: "a lock that is a link to a file",
    plant: ({ data, outside }) => {
      rmSync(join(data, ".lock"), { force: true })
      symlinkSync(join(outside, "secret"), join(data, ".lock"))
    },
    code: 73,
    says: /\.lock is not a lock of duo-mfa/
  }
]

export const rows: ReadonlyArray<Row> = [...settings, ...owners, ...others]
