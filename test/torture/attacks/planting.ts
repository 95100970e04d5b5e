/** W2: plants something, runs a command as a user would, and reports what went wrong. */
import { assert } from "@effect/vitest"
import { Effect, type FileSystem, type Scope } from "effect"
import { execFileSync } from "node:child_process"
import { chmodSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { type AddressInfo, createServer } from "node:net"
import { join } from "node:path"
import { main } from "../../support/processes/bundle.ts"
import { extract } from "../../support/processes/command.ts"
import { allSinks, program } from "../../support/processes/program.ts"
import { type Case, type Plan, repeat } from "../Case.ts"
import { inFolder, tree } from "../support/InProcess.ts"
import { canGive, type Ground, planted, type Row } from "./ground.ts"
import { rows as others } from "./planted-others.ts"
import { rows as runs } from "./planted-runs.ts"

const secret = "what nobody is to be shown"
const password = "a password that goes nowhere"

/** A server that counts its connections. */
const listening = Effect.acquireRelease(
  Effect.callback<{ readonly port: number; readonly came: () => number; readonly close: () => void }>((resume) => {
    let came = 0
    const server = createServer((socket) => {
      came++
      socket.destroy()
    })
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo
      resume(Effect.succeed({ port, came: () => came, close: () => server.close() }))
    })
  }),
  ({ close }) => Effect.sync(close)
)

const settings = {
  DUO_HOST: "127.0.0.1:1",
  DUO_IKEY: "DIWJ8X6AEYOR5OMC6TQ1",
  DUO_SKEY: "Zh5eGmUq9zpfQnyUIu5OL9iWoMMv5ZNmk3zLJ4Ep",
  DUO_INSECURE_LOOPBACK: "1",
  PGPASSWORD: password
}

/** Runs the program as a user who owns none of the files. */
const asStranger = ["--import", "data:text/javascript,process.geteuid = () => 12345"]

/** Makes a data directory in a folder of its own, and a function that tries a row in it. */
export const make = Effect.fnUntraced(function*(folder: string): Effect.fn.Return<
  (row: Row) => Effect.Effect<ReadonlyArray<string>>,
  unknown,
  FileSystem.FileSystem | Scope.Scope
> {
  const { came, port } = yield* listening
  yield* extract(folder, { users: 3 }, allSinks)
  const [data, outside, kept] = [join(folder, "data"), join(folder, "outside"), join(folder, "kept")]
  renameSync(data, kept)
  const module = join(folder, "planted.mjs")
  writeFileSync(module, `import { writeFileSync } from "node:fs"; writeFileSync("${outside}/ran", "")`)
  const ground: Ground = {
    data,
    folder,
    outside,
    module,
    elsewhere: `postgres://duo@127.0.0.1:${port}/d?schema=duo_mfa`
  }

  const again = () => {
    for (const name of ["data", "outside", "real", ".env", "record"]) {
      rmSync(join(folder, name), { recursive: true, force: true })
    }
    execFileSync("cp", ["-a", kept, data])
    mkdirSync(outside)
    for (const name of ["victim", `users.${planted}.part`]) writeFileSync(join(outside, name), name)
    writeFileSync(join(outside, "secret"), secret)
    chmodSync(outside, 0o700)
  }

  return Effect.fnUntraced(
    function*({ args = ["check", "--offline", "--sink", "csv"], code, name, plant, says, stranger }) {
      again()
      yield* Effect.promise(async () => plant(ground))
      const before = tree(folder)
      const was = came()
      const env = { ...settings, HOME: folder, TMPDIR: folder }
      const node = stranger === true && !canGive ? asStranger : []
      const ended = yield* program(folder, args, env, [...node, main.entry])
      const expected = stranger === true && !canGive ? /belongs to another user/ : says
      const shown = `${ended.stdout}${ended.stderr}`
      const after = tree(folder)
      const changed = [...new Set([...Object.keys(before), ...Object.keys(after)])].filter((file) =>
        before[file] !== after[file] && !/^(node_modules|\.npm|\.cache)\//.test(file)
      )
      return [
        ...ended.code === code ? [] : [`ended with ${ended.code}, not with ${code}: ${shown}`],
        ...expected.test(ended.stderr) ? [] : [`says ${ended.stderr}`],
        ...came() === was ? [] : ["somebody elsewhere was asked"],
        ...shown.includes(secret) ? ["it shows what is outside"] : [],
        ...shown.includes(password) ? ["it shows the password"] : [],
        ...changed.map((file) => `${file} changed`)
      ].map((wrong) => `${name}: ${wrong}`)
    }
  )
})

export const rows: ReadonlyArray<Row> = [...runs, ...others]

/** All rows in an order that follows from the seed. `make test` tries some here, and all in test/run/state.test.ts. */
const some = ({ n, seed }: Plan) =>
  inFolder(Effect.fnUntraced(function*(folder) {
    const plant = yield* make(folder)
    return yield* repeat({ n, seed }, (seed) =>
      Effect.gen(function*() {
        const row = rows[seed % rows.length]
        assert.deepStrictEqual(row === undefined ? [] : yield* plant(row), [])
        return { planted: 1 }
      }))
  }))

export const cases: ReadonlyArray<Case> = [{
  id: "W2",
  fault: "planted manifests, settings, keys, ledgers, Parquet, SQL, recordings, owners, rights and links",
  expected: "no planted code runs, nothing is sent, read or written elsewhere; a message and its exit code",
  n: { test: 1, torture: rows.length },
  run: some
}]
