/**
 * Simulates a power cut. A file keeps the contents, and a directory the names, that it had when it was last flushed to
 * the disk. While the program runs, each flush is recorded in a folder on the same device.
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

/** An entry of a directory, with the number of its file, which stays the same if the file is renamed. */
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

/**
 * Records that a file or a directory was flushed. A file that a recorded name points to can be restored after its
 * removal.
 */
export const note = (disk: string, path: string): void => {
  const { number, stamp } = stampOf(path)
  if (!statSync(path).isDirectory()) return writeFileSync(join(disk, `${number}.stamp`), stamp)
  const entries = entriesOf(path)
  for (const { isDirectory, name, number: file } of entries) {
    if (!isDirectory && !existsSync(join(disk, file))) linkSync(join(path, name), join(disk, file))
  }
  writeFileSync(join(disk, `${number}.entries`), JSON.stringify(entries))
}

/** Records that everything in a folder is on the disk. */
export const noteAll = (disk: string, folder: string): void => {
  rmSync(disk, { recursive: true, force: true })
  mkdirSync(disk)
  note(disk, folder)
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    note(disk, join(entry.parentPath, entry.name))
  }
}

/**
 * Loses the part of a file that was written after its last flush. A file that was never flushed loses its second half.
 */
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

/** Restores a directory to its state at its last flush. */
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

/** The number of names below a folder. */
const size = (folder: string) => readdirSync(folder, { recursive: true }).length

/**
 * Cuts the power: files lose what was not flushed to the disk, and if `names` is true, directories do too. The result
 * is the number of losses.
 */
export const cut = (disk: string, folder: string, names: boolean): number => {
  if (!names) return loseContents(disk, folder)
  const before = size(folder)
  const lost = asNoted(disk, stampOf(folder).number, `${folder}.noted`)
  rmSync(folder, { recursive: true })
  renameSync(`${folder}.noted`, folder)
  return lost + Math.abs(before - size(folder))
}
