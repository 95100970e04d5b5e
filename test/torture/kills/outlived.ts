/** W4: no personal data is left on the disk after a process was killed and the next one has run. */
import { assert } from "@effect/vitest"
import { Effect } from "effect"
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from "node:fs"
import { join } from "node:path"
import { Dice } from "../../../src/emulator/people/Dice.ts"
import { type Emulator, serve } from "../../../src/emulator/server/Emulator.ts"
import { settings, start } from "../../support/processes/program.ts"
import { type Case, repeat } from "../Case.ts"
import { inFolder } from "../support/InProcess.ts"

/** All files below a folder. */
const filesIn = (folder: string) =>
  readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => statSync(join(folder, name)).isFile())

/** The files that contain a text of a person. */
const showing = (folder: string, personal: ReadonlyArray<string>) =>
  filesIn(folder).filter((name) => {
    const bytes = readFileSync(join(folder, name))
    return personal.some((text) => bytes.includes(text))
  })

const litter = (folder: string) =>
  readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => /\.part\b|\.open$|\.sealed$/.test(name))

/** Starts a process and kills it after so many requests to Duo. */
const killed = (folder: string, tmp: string, args: ReadonlyArray<string>, duo: Emulator, after: number) =>
  Effect.promise(async () => {
    mkdirSync(join(folder, tmp), { recursive: true })
    const before = duo.requests.length
    const env = { ...settings(duo), TMPDIR: join(folder, tmp), HOME: join(folder, "home") }
    const { child, ended } = start(folder, args, env)
    while (child.exitCode === null && duo.requests.length - before < after) {
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
    child.kill("SIGKILL")
    const { code } = await ended
    return code === null
  })

interface Kind {
  readonly name: string
  readonly args: ReadonlyArray<string>
  /** Whether no file with a name may contain personal data, even during the run. */
  readonly never: boolean
}

const pages = ["--page-size", "10", "--concurrency", "1"]

const kinds: ReadonlyArray<Kind> = [
  { name: "dry run", args: ["extract", "--dry-run", ...pages], never: true },
  { name: "standard output", args: ["extract", "--sink", "ndjson:-", ...pages], never: false },
  {
    name: "--pii drop",
    args: ["extract", "--pii", "drop", "--sink", "duckdb", "--sink", "parquet", "--sink", "csv", ...pages],
    never: true
  }
]

const outlived = ({ args, name, never }: Kind, isShort: boolean) => (seed: number) =>
  inFolder(Effect.fnUntraced(function*(folder) {
    for (const name of ["home", "tmp3"]) mkdirSync(join(folder, name))
    const duo = yield* serve({ people: "hostile", users: 60, seed })
    const personal = Array.from({ length: duo.tenant.size() }, (_, at) => duo.tenant.user(at)).flatMap((user) =>
      [user["email"], user["realname"], user["username"]].filter((text) => typeof text === "string" && text.length > 5)
    ).map(String)
    assert.isAbove(personal.length, 60)
    const dice = new Dice(seed)
    let times = 0
    for (const tmp of isShort ? ["tmp"] : ["tmp", "tmp2"]) {
      if (!(yield* killed(folder, tmp, args, duo, 2 + dice.below(9)))) continue
      times++
      if (never) assert.deepStrictEqual(showing(folder, personal), [], `${name}, killed`)
    }
    const next = yield* Effect.promise(() =>
      start(folder, args, { ...settings(duo), TMPDIR: join(folder, "tmp3"), HOME: join(folder, "home") }).ended
    )
    assert.strictEqual(next.code, 0, next.stderr)
    assert.deepStrictEqual(showing(folder, personal), [], name)
    assert.deepStrictEqual(litter(folder), [], name)
    return { [name]: times }
  }))

/**
 * The demo takes a while, so it is killed while it makes the ledger of one of its first days. In `make test` the next
 * demo is killed too, as soon as nothing is left of the first.
 */
const demo = (isShort: boolean) => (seed: number) =>
  inFolder(Effect.fnUntraced(function*(folder) {
    const data = join(folder, "data/demo")
    const soon = () => new Promise((resolve) => setTimeout(resolve, 1))
    yield* Effect.promise(async () => {
      const { child, ended } = start(folder, ["demo"])
      const isMaking = () => existsSync(data) && readdirSync(data).some((name) => /duckdb\..*\.part/.test(name))
      for (let day = new Dice(seed).below(3); day >= 0; day--) {
        while (isMaking()) await soon()
        while (!isMaking()) await soon()
      }
      child.kill("SIGKILL")
      await ended
    })
    const left = litter(folder)
    assert.isNotEmpty(left)
    const { child, ended } = start(folder, ["demo"])
    const isLeft = () => left.some((name) => existsSync(join(folder, name)))
    const stop = async () => {
      while (isLeft() && child.exitCode === null) await soon()
      child.kill("SIGKILL")
    }
    if (isShort) yield* Effect.promise(stop)
    const { code, stderr } = yield* Effect.promise(() => ended)
    assert.isFalse(isLeft())
    if (!isShort) {
      assert.strictEqual(code, 0, stderr)
      assert.deepStrictEqual(litter(folder), [])
    }
    return { demo: 1 }
  }))

export const cases: ReadonlyArray<Case> = [{
  id: "W4",
  fault:
    "SIGKILL of a dry run, of a run to standard output, of a run with --pii drop, each with another TMPDIR; of a demo",
  expected: "after the next run, no text of a person is left in the data directory, TMPDIR or HOME",
  n: { test: 1, torture: 15 },
  // with these seeds, runs are killed after few requests, and the demo on its first day
  seed: 8,
  run: (plan) =>
    Effect.map(
      Effect.all([
        ...kinds.map((kind) => repeat(plan, outlived(kind, plan.n === 1))),
        repeat({ ...plan, n: Math.ceil(plan.n / 5) }, demo(plan.n === 1))
      ]),
      (all) => Object.assign({}, ...all)
    )
}]
