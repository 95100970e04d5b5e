/** W3: somebody puts something at the path of a private file before the program makes it. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert } from "@effect/vitest"
import { Effect, type FileSystem, type Scope } from "effect"
import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync
} from "node:fs"
import { dirname, join } from "node:path"
import { serve } from "../../../src/emulator/server/Emulator.ts"
import { runOf } from "../../laws/rows.ts"
import { stage as stageRun } from "../../laws/sink.ts"
import { allSinks, program, settings } from "../../support/processes/program.ts"
import { converse, enter } from "../../support/processes/terminal.ts"
import type { Case } from "../Case.ts"
import { inFolder, sinks, tree } from "../support/InProcess.ts"
import { toStranger } from "./ground.ts"

/** The things that are put at a path. `victim` is another user's file, and `victim.new` does not exist. */
const plants: Readonly<Record<string, (path: string, victim: string) => void>> = {
  "a file that all may write": (path) => {
    writeFileSync(path, "theirs")
    chmodSync(path, 0o666)
  },
  "a file of another user": (path) => {
    writeFileSync(path, "theirs")
    chmodSync(path, 0o666)
    toStranger(path)
  },
  "a link to a file": (path, victim) => symlinkSync(victim, path),
  "a link to nothing": (path, victim) => symlinkSync(`${victim}.new`, path),
  "a second name of a file": (path, victim) => linkSync(victim, path),
  "a directory": (path) => mkdirSync(path)
}

interface Writer {
  readonly name: string
  readonly targets: ReadonlyArray<string>
  readonly write: (folder: string) => Effect.Effect<unknown, unknown, FileSystem.FileSystem | Scope.Scope>
}

const worked = (ended: { readonly code: number | null; readonly stderr?: string }) =>
  Effect.sync(() => assert.strictEqual(ended.code, 0, ended.stderr))

const writers: ReadonlyArray<Writer> = [
  {
    name: "init",
    targets: [".env"],
    write: Effect.fnUntraced(function*(folder) {
      const { host, ikey, skey } = yield* serve({ users: 3 })
      const asked = yield* converse(folder, "init", [
        ["Integration key ›", `${ikey}${enter}`],
        ["Secret key, not shown ›", `${skey}${enter}`],
        ["API hostname ›", `${host}${enter}`]
      ], { DUO_INSECURE_LOOPBACK: "1" })
      yield* worked(asked)
    })
  },
  {
    name: "extract",
    targets: ["data/pii.key", "data/duo.duckdb", "data/parquet/views.sql", "data/parquet/current/users.parquet"],
    write: Effect.fnUntraced(function*(folder) {
      const duo = yield* serve({ users: 3 })
      yield* worked(yield* program(folder, ["extract", "--pii", "hash", ...allSinks], settings(duo)))
    })
  },
  {
    name: "report",
    targets: ["report.html", "data/report.html"],
    write: Effect.fnUntraced(function*(folder) {
      const duo = yield* serve({ users: 3 })
      yield* worked(yield* program(folder, ["extract", "--sink", "duckdb"], settings(duo)))
      yield* worked(yield* program(folder, ["report", "--output", "report.html"]))
      yield* worked(yield* program(folder, ["report"]))
    })
  }
]

/** The type, the owner and the mode of what exists at a path. */
const described = (path: string) => {
  const { gid, mode, nlink, uid } = lstatSync(path)
  return { gid, mode, nlink, uid }
}

/**
 * Plants things at the predictable name beside each file that a writer makes, and checks that the writer ignores them.
 */
const beside = (writer: Writer, rounds: ReadonlyArray<ReadonlyArray<string>>) =>
  Effect.forEach(rounds, (kinds) =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const victim = join(folder, "victim")
      writeFileSync(victim, "mine")
      const planted = writer.targets.map((target) => join(folder, `${target}.part`))
      for (const [index, path] of planted.entries()) {
        mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
        const own = `${victim}.${index}`
        writeFileSync(own, "mine")
        plants[kinds[index] ?? ""]?.(path, own)
      }
      const before = planted.map(described)
      const kept = tree(folder)
      yield* Effect.provide(writer.write(folder), NodeServices.layer)
      const what = `${writer.name}, ${kinds.join(", ")}`
      assert.deepStrictEqual(planted.map(described), before, what)
      for (const [file, content] of Object.entries(kept)) assert.strictEqual(tree(folder)[file], content, what)
      for (const target of writer.targets) {
        const { mode, nlink, uid } = lstatSync(join(folder, target))
        assert.deepStrictEqual([mode & 0o170777, nlink, uid], [0o100600, 1, process.geteuid?.()], `${what}: ${target}`)
      }
      assert.deepStrictEqual(readdirSync(folder).filter((name) => /victim.*new/.test(name)), [], what)
      return planted.length
    })))

/**
 * By round, the kind that is planted at each target: in all rounds together every kind at every target; or one round.
 */
const roundsOf = ({ targets }: Writer, isShort: boolean) => {
  const kinds = Object.keys(plants)
  const rounds = kinds.map((_, round) => targets.map((_, index) => kinds[(round + index) % kinds.length] ?? ""))
  return !isShort ? rounds : targets.length === 1 ? rounds.slice(4) : rounds.slice(0, 1)
}

/** Plants at the names of staged files, which other users can see during a run: every kind at each, or one in turn. */
const staged = (name: keyof typeof sinks, isShort: boolean) =>
  inFolder(Effect.fnUntraced(function*(folder) {
    const sink = sinks[name]
    const [first, second] = [runOf(1), runOf(2)]
    const location = join(folder, name === "duckdb" ? "in/l.duckdb" : "in")
    const rows = { things: [] }
    const stage = (run: typeof first) =>
      Effect.map(stageRun(sink, location, run, rows), () => Object.keys(tree(join(folder, "in"))))
    const names = yield* stage(first)
    yield* sink.discard(location, first.run_id)
    const tops = [...names].map((file) => file.split("/")[0] ?? file)
    const extra = tops.flatMap((file) => [file, `${file}.wal`, `${file}.tmp`])
    assert.isNotEmpty(tops)
    let reached = 0
    for (const [index, file] of [...new Set(extra)].entries()) {
      const every = Object.entries(plants)
      const inTurn = (index + name.length) % every.length
      for (const [how, plant] of every.filter((_, at) => !isShort || at === inTurn)) {
        const path = join(folder, "in", file.replaceAll(first.run_id, second.run_id))
        const victim = join(folder, "victim")
        writeFileSync(victim, "mine")
        plant(path, victim)
        yield* Effect.exit(stage(second))
        assert.strictEqual(readFileSync(victim, "utf8"), "mine", `${name}, ${file}, ${how}`)
        assert.isFalse(existsSync(`${victim}.new`), `${name}, ${file}, ${how}`)
        if (how.includes("file that") && existsSync(path)) {
          assert.strictEqual(readFileSync(path, "utf8"), "theirs", `${name}, ${file}`)
        }
        yield* sink.discard(location, second.run_id)
        assert.isFalse(existsSync(path) && lstatSync(path).isSymbolicLink(), `${name}, ${file}, ${how}`)
        reached++
      }
    }
    return reached
  }))

const w3 = (isShort: boolean) =>
  Effect.gen(function*() {
    const some = isShort ? writers.slice(0, 2) : writers
    const parts = yield* Effect.forEach(some, (writer) => beside(writer, roundsOf(writer, isShort)))
    const others = yield* Effect.forEach(
      ["duckdb", "parquet", "ndjson", "csv"] as const,
      (name) => staged(name, isShort)
    )
    return {
      "NAME.part": parts.flat().reduce((sum, one) => sum + one, 0),
      "staged names": others.reduce((sum, one) => sum + one, 0)
    }
  })

export const cases: ReadonlyArray<Case> = [{
  id: "W3",
  fault:
    "something exists at the path of a new private file: a file with other rights or another owner, a link, a directory",
  expected: "the new file is 0600 and ours; what existed is unchanged, and nothing is written through it",
  n: { test: 1, torture: 2 },
  run: ({ n }) => w3(n === 1)
}]
