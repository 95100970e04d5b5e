/**
 * Checks what must be true after every fault: the outputs are those of the last run or of one whole newer run, the next
 * start leaves no files of unfinished runs, the exit code is the documented one, and no secret is anywhere.
 */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert } from "@effect/vitest"
import { Effect } from "effect"
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs"
import { basename, dirname, join, relative } from "node:path"
import mfa from "../../../pipelines/mfa.ts"
import type { Emulator } from "../../../src/emulator/server/Emulator.ts"
import type { Table } from "../../../src/Table.ts"
import { contents, type Ended } from "../../support/processes/program.ts"
import * as Published from "./Published.ts"

export interface Aftermath {
  /** The folder in which the program was started. Its data directory is `data` if not given. */
  readonly folder: string
  readonly data?: string
  /** The result of `contents(folder)` before the fault. Only a published run may have changed it. */
  readonly before: Readonly<Record<string, string>>
  /** Whether the program was started again and worked. Then nothing of an unfinished run may be left. */
  readonly recovered: boolean
  /** The end of the program, if it was a process. */
  readonly ended?: Ended
  /** The documented exit codes for this fault; null means that the process was killed. */
  readonly codes?: ReadonlyArray<number | null>
  /** The keys which, with their signatures, must be nowhere. */
  readonly keys: Pick<Emulator, "ikey" | "skey"> & Partial<Pick<Emulator, "signatures">>
  /** Other texts that must be nowhere. */
  readonly canaries?: ReadonlyArray<string>
  /** The tables of the pipeline. */
  readonly tables?: ReadonlyArray<Table>
}

/** The lines that a run may log besides its last message. */
const log = /^(warn: |Publishing run |Discarding run |(again, to prove it: )?[\d,]+( of [\d,]+)? users?, )/

const mostLines = 5

/** Exit code and message. */
const atExit = ({ code, stderr }: Ended, codes: ReadonlyArray<number | null>) => [
  ...codes.includes(code) ? [] : [`ended with ${code}, not with ${codes.join(" or ")}: ${stderr}`],
  ...code === 70 || /^\s+at /m.test(stderr) ? [`a defect: ${stderr}`] : [],
  ...stderr.split("\n").filter((line) => line !== "" && !log.test(line)).length > mostLines
    ? [`says too much: ${stderr}`]
    : []
]

/** The names of files of unfinished runs. */
const ofUnfinished = /\d{8}T\d{9}Z-[0-9a-f]{6}.*\.(part|open|sealed)\b|\.lock\.\d+\.part$|^\.duo-mfa\..*\.part$/

const settled = (files: Aftermath["before"]) =>
  Object.fromEntries(Object.entries(files).filter(([name]) => !name.split("/").some((part) => ofUnfinished.test(part))))

/** The files that must not exist after the program was started again. */
const litter = (folder: string, before: Aftermath["before"]) =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => ofUnfinished.test(basename(name)) || (name.endsWith(".wal") && !(name in before)))
    .map((name) => `${name} is left`)

/** Checks that only their owner can read the files and enter the directories. */
const rights = (folder: string, data: string, files: ReadonlyArray<string>) => {
  const wrong: Array<string> = []
  const directories = new Set(existsSync(data) ? [data] : [])
  for (const file of files) {
    const path = join(folder, file)
    if ((statSync(path).mode & 0o777) !== 0o600) wrong.push(`${file} can be read by others`)
    for (let at = dirname(path); at.startsWith(`${data}/`); at = dirname(at)) directories.add(at)
  }
  for (const directory of directories) {
    if ((statSync(directory).mode & 0o777) !== 0o700) wrong.push(`${directory} can be entered by others`)
  }
  return wrong
}

/** Finds a key, a signature or a part of one, or an Authorization header in a text. */
const secretsIn = ({ canaries = [], keys: { ikey, signatures, skey } }: Aftermath) => {
  const secrets = [skey, Buffer.from(`${ikey}:`).toString("base64"), ...canaries]
  return (name: string, text: string) =>
    secrets.some((secret) => text.includes(secret)) || signatures?.areIn(text) ? [`${name} holds a secret`] : []
}

/** Fails with a list of everything that is wrong. Every case that publishes files calls this. */
export const afterwards = (given: Aftermath) =>
  Effect.gen(function*() {
    const { before, codes = [0], ended, folder, recovered, tables = mfa.tables } = given
    const data = given.data ?? join(folder, "data")
    const now = contents(folder)
    const changed = Object.keys(now).filter((file) => now[file] !== before[file])
    const ours = changed.filter((file) => !relative(data, join(folder, file)).startsWith(".."))
    const secrets = secretsIn(given)
    const wrong = [
      ...ended === undefined ? [] : atExit(ended, codes),
      ...ended === undefined ? [] : secrets("standard error", ended.stderr),
      ...ended === undefined ? [] : secrets("standard output", ended.stdout),
      ...changed.flatMap((file) => secrets(file, readFileSync(join(folder, file), "latin1"))),
      ...rights(folder, data, ours),
      ...recovered ? litter(folder, before) : [],
      ...yield* Published.wrong({ folder, data, before: settled(before), now: settled(now), tables })
    ]
    assert.strictEqual(wrong.length, 0, wrong.join("\n"))
  }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
