/**
 * The programs to compare with: Duo's own clients for Python and Node, each in a loop that a good engineer writes in an
 * afternoon, and DuckDB alone. Their packages are installed into a directory that the bench removes.
 */
import { Console, Effect, FileSystem } from "effect"
import { join } from "node:path"
import * as Processes from "./Processes.ts"

export interface Contender {
  readonly name: string
  /** Writes `other.duckdb` and `TABLE.parquet` into the directory. */
  readonly command: (host: string, directory: string) => Processes.Command
  /** The goal: the largest ratio of our wall time to its wall time. */
  readonly atMost: number
}

const others = `${import.meta.dirname}/others`

const duckdb: Contender = {
  name: "DuckDB alone",
  command: (host, directory) => Processes.node(`${others}/duckdb-alone.ts`, [host, directory]),
  atMost: 1.5
}

/** Runs an installer in our environment, which may name the source of packages. */
const install = (command: string, args: ReadonlyArray<string>, cwd: string) =>
  Effect.suspend(() => {
    const env = Object.fromEntries(
      Object.entries(process.env).flatMap(([name, value]) => value === undefined ? [] : [[name, value]])
    )
    return Processes.run({ command, args, cwd, env })
  })

/** Installs Duo's client for Python. The result is the command for one of the programs in `others/`. */
export const pythonProgram = Effect.gen(function*() {
  const fs = yield* FileSystem.FileSystem
  const directory = yield* fs.makeTempDirectoryScoped({ prefix: "duo-mfa-bench-python-" })
  yield* install("python3", ["-m", "venv", "."], directory)
  const packages = ["duo_client==5.7.0", "duckdb==1.5.6", "pyarrow==26.0.1"]
  yield* install(join(directory, "bin/pip"), ["install", "--quiet", ...packages], directory)
  return (file: string, args: ReadonlyArray<string>): Processes.Command => ({
    command: join(directory, "bin/python"),
    args: [`${others}/${file}`, ...args]
  })
})

const python = Effect.map(pythonProgram, (program): Contender => ({
  name: "duo_client for Python",
  command: (host, to) => program("python_client.py", [host, to]),
  atMost: 1
}))

const node = Effect.gen(function*() {
  const fs = yield* FileSystem.FileSystem
  const directory = yield* fs.makeTempDirectoryScoped({ prefix: "duo-mfa-bench-node-" })
  const packages = ["@duosecurity/duo_api@1.5.0", "@duckdb/node-api@1.5.6-r.1"]
  yield* install("npm", ["install", "--prefix", ".", "--no-audit", "--no-fund", ...packages], directory)
  yield* fs.copyFile(`${others}/node-client.mjs`, join(directory, "node-client.mjs"))
  const contender: Contender = {
    name: "duo_api for Node",
    command: (host, to) => Processes.node(join(directory, "node-client.mjs"), [host, to]),
    atMost: 1.1
  }
  return contender
})

/** The programs that can be installed here, and the reasons why the others cannot. */
export const all = Effect.gen(function*() {
  yield* Console.error("installing what is compared with")
  const contenders: Array<Contender> = []
  const leftOut: Array<string> = []
  for (const [name, contender] of [["duo_client for Python", python], ["duo_api for Node", node]] as const) {
    yield* contender.pipe(
      Effect.matchCause({
        onSuccess: (contender) => void contenders.push(contender),
        onFailure: () => void leftOut.push(`${name} could not be installed here and is left out.`)
      })
    )
  }
  return { contenders: [...contenders, duckdb], leftOut }
})
