/**
 * What a power cut leaves. Of a file, what it was when it was last brought to the disk; of a directory, the names that
 * it had when it was. While the program runs, whatever it brings to the disk is noted, in a folder on the same device.
 */
import {
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync
} from "node:fs"
import { join } from "node:path"

/** An entry of a directory: the number of a file that is the same whatever its name is. */
interface Entry {
  readonly name: string
  readonly number: string
  readonly isDirectory: boolean
}

const stampOf = (path: string) => {
  const { ino, mtimeNs, size } = statSync(path, { bigint: true })
  return { number: String(ino), stamp: `${size} ${mtimeNs}` }
}

const entriesOf = (directory: string): ReadonlyArray<Entry> =>
  readdirSync(directory, { withFileTypes: true }).map((entry) => ({
    name: entry.name,
    number: stampOf(join(directory, entry.name)).number,
    isDirectory: entry.isDirectory()
  }))

/** Notes that a file or a directory has reached the disk. A file that a noted name leads to outlives its removal. */
export const note = (disk: string, path: string): void => {
  const { number, stamp } = stampOf(path)
  if (!statSync(path).isDirectory()) return writeFileSync(join(disk, `${number}.stamp`), stamp)
  const entries = entriesOf(path)
  for (const { isDirectory, name, number: file } of entries) {
    if (!isDirectory && !existsSync(join(disk, file))) linkSync(join(path, name), join(disk, file))
  }
  writeFileSync(join(disk, `${number}.entries`), JSON.stringify(entries))
}

/** Notes that all of a folder is on the disk. */
export const noteAll = (disk: string, folder: string): void => {
  rmSync(disk, { recursive: true, force: true })
  mkdirSync(disk)
  note(disk, folder)
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    note(disk, join(entry.parentPath, entry.name))
  }
}

/** What of a file was written after it was brought to the disk, if it ever was, is lost: here, its latter half. */
const lose = (disk: string, number: string, path: string, written: string): boolean => {
  const noted = join(disk, `${number}.stamp`)
  if (existsSync(noted) && readFileSync(noted, "utf8") === written) return false
  truncateSync(path, Math.floor(statSync(path).size / 2))
  return true
}

const loseContents = (disk: string, folder: string): number => {
  let lost = 0
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    const path = join(entry.parentPath, entry.name)
    if (!entry.isFile()) continue
    const { number, stamp } = stampOf(path)
    if (lose(disk, number, path, stamp)) lost++
  }
  return lost
}

/** Makes a directory as it was when it was last brought to the disk. */
const asNoted = (disk: string, number: string, to: string): number => {
  let lost = 0
  mkdirSync(to, { mode: 0o700 })
  const noted = join(disk, `${number}.entries`)
  const entries: ReadonlyArray<Entry> = existsSync(noted) ? JSON.parse(readFileSync(noted, "utf8")) : []
  for (const { isDirectory, name, number: file } of entries) {
    const path = join(to, name)
    if (isDirectory) lost += asNoted(disk, file, path)
    else {
      copyFileSync(join(disk, file), path)
      if (lose(disk, file, path, stampOf(join(disk, file)).stamp)) lost++
    }
  }
  return lost
}

/** How many names there are below a folder. */
const size = (folder: string) => readdirSync(folder, { recursive: true }).length

/**
 * Cuts the power: what was not brought to the disk is lost of the files, and if `names` is true also of the directories.
 * Gives how much that was.
 */
export const cut = (disk: string, folder: string, names: boolean): number => {
  if (!names) return loseContents(disk, folder)
  const before = size(folder)
  const lost = asNoted(disk, stampOf(folder).number, `${folder}.noted`)
  rmSync(folder, { recursive: true })
  renameSync(`${folder}.noted`, folder)
  return lost + Math.abs(before - size(folder))
}
