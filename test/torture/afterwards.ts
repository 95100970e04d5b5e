/**
 * What must be true after every fault, whatever it was: the outputs are the last good run or one whole newer one, the
 * next start leaves nothing lying about, the exit is the contract's, and no secret went anywhere.
 */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert } from "@effect/vitest"
import { Effect } from "effect"
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs"
import { basename, dirname, join, relative } from "node:path"
import mfa from "../../pipelines/mfa.ts"
import type { Emulator } from "../../src/emulator/server/Emulator.ts"
import type { Table } from "../../src/Table.ts"
import { contents, type Ended } from "../support/program.ts"
import * as Published from "./Published.ts"

export interface Aftermath {
  /** The folder that the program was started in; its data directory is `data` if not said. */
  readonly folder: string
  readonly data?: string
  /** What `contents(folder)` was when all was well. Nothing but a published run may have changed it. */
  readonly before: Readonly<Record<string, string>>
  /** Whether the program was started again since, and ended well: then nothing of an unfinished run may be left. */
  readonly recovered: boolean
  /** How it ended, if it was a process. */
  readonly ended?: Ended
  /** The exit codes that the contract has for this; null if it was killed. */
  readonly codes?: ReadonlyArray<number | null>
  /** Whose keys, and what was signed with them, must be nowhere. */
  readonly keys: Pick<Emulator, "ikey" | "skey"> & Partial<Pick<Emulator, "signatures">>
  /** Texts that must be nowhere either. */
  readonly canaries?: ReadonlyArray<string>
  /** The tables of the pipeline. */
  readonly tables?: ReadonlyArray<Table>
}

/** The lines of a log that a run may write besides what it ends with. */
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

/** Names that only an unfinished run gives. */
const ofUnfinished = /\d{8}T\d{9}Z-[0-9a-f]{6}.*\.(part|open|sealed)\b|\.lock\.\d+\.part$|^\.duo-mfa\..*\.part$/

const settled = (files: Aftermath["before"]) =>
  Object.fromEntries(Object.entries(files).filter(([name]) => !name.split("/").some((part) => ofUnfinished.test(part))))

/** What must not be there once the program was started again. */
const litter = (folder: string, before: Aftermath["before"]) =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => ofUnfinished.test(basename(name)) || (name.endsWith(".wal") && !(name in before)))
    .map((name) => `${name} is left`)

/** Files that only their owner may read, in directories that only he may enter. */
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

/** A key, a signature or a part of one, or an Authorization header in a text. */
const secretsIn = ({ canaries = [], keys: { ikey, signatures, skey } }: Aftermath) => {
  const secrets = [skey, Buffer.from(`${ikey}:`).toString("base64"), ...canaries]
  return (name: string, text: string) =>
    secrets.some((secret) => text.includes(secret)) || signatures?.areIn(text) ? [`${name} holds a secret`] : []
}

/** Fails with all that is not as it must be. To be called after every case that publishes files. */
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
