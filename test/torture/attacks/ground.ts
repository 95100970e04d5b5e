/**
 * W2: a data directory with a good run, into which somebody plants files; and functions that make planted manifests.
 */
import { hash } from "node:crypto"
import { lchownSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"

/** The places that something is planted in. */
export interface Ground {
  /** A data directory with one run in every sink, and the folder around it, where the program is started. */
  readonly data: string
  readonly folder: string
  /**
   * A folder outside the data directory. Nothing in it may change, and the text of its file `secret` may not be shown.
   */
  readonly outside: string
  /** A module that leaves a file behind when it is loaded. */
  readonly module: string
  /** A server on this machine that counts connections, as the target of `postgres:`. */
  readonly elsewhere: string
}

export interface Row {
  readonly name: string
  readonly plant: (ground: Ground) => void | Promise<void>
  /** The command; by default `check --offline --sink csv`, which recovers unfinished runs and stages nothing. */
  readonly args?: ReadonlyArray<string>
  /** The exit code, and the text that standard error must have. */
  readonly code: number
  readonly says: RegExp
  /** Whether another user owns the planted file. */
  readonly stranger?: true
}

/** The id of the planted run. */
export const planted = "20260101T000000000Z-abcdef"

export const write = (file: string, text: string) => writeFileSync(file, text, { mode: 0o600 })

export interface Target {
  readonly sink: string
  readonly location: string
  readonly publication?: unknown
}

export const open = (target: (ground: Ground) => Target) => (ground: Ground) =>
  write(join(ground.data, `runs/${planted}.json.open`), JSON.stringify({ format: 1, sinks: [target(ground)] }))

/** The manifest of the good run, changed into a manifest of the planted run. */
const manifest = ({ data }: Ground, changes: object) => {
  const good = readdirSync(join(data, "runs")).find((name) => name.endsWith(".json")) ?? ""
  const { sha256: _, ...known } = JSON.parse(readFileSync(join(data, "runs", good), "utf8"))
  return JSON.stringify({ ...known, run_id: planted, ...changes })
}

export const receipt = (target: Target) => ({ rows: {}, bytes: 1, publication: { moves: [] }, ...target })

/** A text with its own hash, as the program writes it. */
export const signed = (text: string) => `${text.slice(0, -1)},"sha256":"${hash("sha256", text, "hex")}"}`

export const sealed = (target: (ground: Ground) => Target) => (ground: Ground) => {
  const text = manifest(ground, { sinks: [receipt(target(ground))] })
  write(join(ground.data, `runs/${planted}.json.sealed`), signed(text))
}

export const published = (changes: (ground: Ground) => object) => (ground: Ground) =>
  write(join(ground.data, `runs/${planted}.json`), manifest(ground, changes(ground)))

export const part = (name: string) => `${name}.${planted}.part`

export const outside = /names .*which is outside the data directory/

/**
 * Only root can change the owner of a file. For other users, the program is made to believe that it runs as another
 * user.
 */
export const canGive = process.getuid?.() === 0
const stranger = 12_345
export const toStranger = (path: string) => {
  if (canGive) lchownSync(path, stranger, stranger)
}
