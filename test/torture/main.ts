/**
 * `make torture`: runs the whole matrix, two cases at a time, each in a process of its own. `CASE=K1 N=100 SEED=7`
 * chooses a case, the repetitions and the first seed. The table shows how often each fault happened; the last line is
 * `N passed, N failed`.
 */
import { Cause, Effect, Exit } from "effect"
import { spawn } from "node:child_process"
import { matrix } from "./matrix.ts"

interface Verdict {
  readonly id: string
  readonly seconds: number
  readonly reached: Readonly<Record<string, number>>
  /** Undefined if it passed. */
  readonly failure: string | undefined
}

const { CASE, N, SEED = String(Date.now() % 1_000_000), TORTURE_CHILD } = process.env
const seed = Number(SEED)
const chosen = matrix.filter(({ id }) => CASE === undefined || CASE.split(",").includes(id))

/** Runs the chosen case in this process and prints its verdict. */
const child = Effect.gen(function*() {
  for (const { id, n, run } of chosen) {
    const start = performance.now()
    const exit = yield* Effect.exit(run({ n: N === undefined ? n.torture : Number(N), seed }))
    const reached = Exit.isSuccess(exit) ? exit.value : {}
    const missed = Object.keys(reached).filter((name) => reached[name] === 0)
    const verdict: Verdict = {
      id,
      seconds: Math.round((performance.now() - start) / 1000),
      reached,
      failure: Exit.isFailure(exit)
        ? Cause.pretty(exit.cause)
        : Object.keys(reached).length === 0 || missed.length > 0
        ? `never reached: ${missed.join(", ")}`
        : undefined
    }
    process.stdout.write(`${JSON.stringify(verdict)}\n`)
  }
})

const inProcess = (id: string) =>
  Effect.callback<Verdict>((resume) => {
    const child = spawn(process.execPath, [...process.execArgv, import.meta.filename], {
      env: { ...process.env, CASE: id, SEED: String(seed), TORTURE_CHILD: "1" },
      stdio: ["ignore", "pipe", "inherit"]
    })
    let output = ""
    child.stdout.on("data", (data) => output += String(data))
    child.on("close", (code) => {
      const line = output.trim().split("\n").findLast((line) => line.startsWith("{\"id\""))
      resume(Effect.succeed(
        line === undefined
          ? { id, seconds: 0, reached: {}, failure: `ended with ${code}: ${output}` }
          : JSON.parse(line)
      ))
    })
  })

const table = ({ failure, id, reached, seconds }: Verdict) => {
  const { fault = "", n } = matrix.find((one) => one.id === id) ?? {}
  const times = Object.entries(reached).map(([name, count]) => `${name} ${count}`).join(", ")
  process.stdout.write(
    `${failure === undefined ? "ok  " : "FAIL"} ${id.padEnd(4)} ${String(seconds).padStart(5)} s  ${fault}\n`
  )
  if (times !== "") process.stdout.write(`       reached: ${times}\n`)
  if (failure !== undefined) {
    process.stdout.write(`${failure}\n       again: make torture CASE=${id} N=${N ?? n?.torture} SEED=${seed}\n`)
  }
}

const parent = Effect.gen(function*() {
  process.stdout.write(`SEED=${seed}, ${chosen.length} cases\n`)
  const verdicts = yield* Effect.forEach(
    chosen,
    ({ id }) => Effect.tap(inProcess(id), (verdict) => Effect.sync(() => table(verdict))),
    {
      concurrency: 2
    }
  )
  const failed = verdicts.filter(({ failure }) => failure !== undefined).length
  process.stdout.write(`${verdicts.length - failed} passed, ${failed} failed\n`)
  process.exitCode = failed === 0 && verdicts.length > 0 ? 0 : 1
})

await Effect.runPromise(TORTURE_CHILD === undefined ? parent : child)
