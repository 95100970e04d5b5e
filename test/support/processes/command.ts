/**
 * Runs the program in this process, as `src/main.ts` would, which is several times faster. Tests of signals, locks,
 * flags of Node, memory, terminals and `--log-format` need a process and use `program` of program.ts.
 */
import { assert } from "@effect/vitest"
import { Effect, Semaphore } from "effect"
import * as Main from "../../../src/cli/Program.ts"
import { type Options, serve } from "../../../src/emulator/server/Emulator.ts"
import { type Ended, settings } from "./program.ts"

/** Collects everything that is written to a stream until the stream is restored. */
const caught = (stream: NodeJS.WriteStream) => {
  const own = stream.write
  const chunks: Array<Buffer> = []
  stream.write = (chunk: string | Uint8Array, ...others: ReadonlyArray<unknown>) => {
    chunks.push(Buffer.from(chunk as string))
    const done = others.findLast((other) => typeof other === "function")
    if (done !== undefined) process.nextTick(done)
    return true
  }
  return () => {
    stream.write = own
    return Buffer.concat(chunks).toString()
  }
}

/** Gives this process another working directory and environment, until that is undone. */
const become = (cwd: string, args: ReadonlyArray<string>, env: Readonly<Record<string, string>>) => {
  const was = { argv: process.argv, cwd: process.cwd(), env: process.env, umask: process.umask(0o077) }
  const [stdout, stderr] = [caught(process.stdout), caught(process.stderr)]
  process.chdir(cwd)
  process.env = { ...env }
  process.argv = [process.execPath, "main.ts", ...args]
  return () => {
    process.chdir(was.cwd)
    process.umask(was.umask)
    process.env = was.env
    process.argv = was.argv
    return { stdout: stdout(), stderr: stderr() }
  }
}

const alone = Semaphore.makeUnsafe(1)

/** Runs `duo-mfa` in a folder until it ends, with only the given environment. Only one may run at a time. */
export const command = (
  cwd: string,
  args: ReadonlyArray<string>,
  env: Readonly<Record<string, string>> = {}
): Effect.Effect<Ended> =>
  alone.withPermit(Effect.promise(async () => {
    const undo = become(cwd, args, env)
    const code = await Effect.runPromiseExit(Main.program(new URL("../../..", import.meta.url))).then(
      Main.exitCode,
      () => null
    )
    return { code, ...undo() }
  }))

/** A run of an emulated tenant, with hostile people unless the options have others. */
export const extract = Effect.fnUntraced(function*(folder: string, options: Options, args: ReadonlyArray<string> = []) {
  const duo = yield* serve({ people: "hostile", ...options })
  const ended = yield* command(folder, ["extract", "--json", ...args], settings(duo))
  assert.strictEqual(ended.code, 0, ended.stderr)
  return { duo, ended, summary: JSON.parse(ended.stdout) }
})
