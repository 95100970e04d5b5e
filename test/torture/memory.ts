/** X4: memory of the process that nobody has written to since somebody else gave it back. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert } from "@effect/vitest"
import { Effect } from "effect"
import { execFileSync } from "node:child_process"
import { lstatSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { type Case, repeat } from "./Case.ts"
import * as Site from "./Site.ts"

/** With this the C library fills what it gives back with one byte, and what it gives out with its complement. */
const marked = { MALLOC_PERTURB_: "165" }

/** More of them in a row than are anywhere by chance. */
const marks = [Buffer.alloc(16, 165), Buffer.alloc(16, 90)]

/** Counts the bytes of a process's own heap that are in such rows. */
const probe = `
  const fs = require("node:fs")
  const [, from, to] = /^([0-9a-f]+)-([0-9a-f]+) .*\\[heap\\]$/m.exec(fs.readFileSync("/proc/self/maps", "utf8"))
  const heap = Buffer.alloc(Math.min(parseInt(to, 16) - parseInt(from, 16), 1 << 22))
  fs.readSync(fs.openSync("/proc/self/mem"), heap, 0, heap.length, parseInt(from, 16))
  const rows = heap.toString("latin1").match(/(\\xa5|\\x5a){16,}/g) ?? []
  console.log(rows.join("").length)
`

/** What has been in such memory would be in the files, be it a part of a signature or of somebody's name. */
const look = (site: Site.Site) =>
  readdirSync(site.data, { recursive: true, encoding: "utf8" }).map((name) => join(site.data, name))
    .filter((file) => lstatSync(file).isFile())
    .map((file) => {
      const bytes = readFileSync(file)
      for (const mark of marks) assert.strictEqual(bytes.indexOf(mark), -1, `${file} holds memory of the process`)
      return file
    })

/** A first run, and one that finds what the first one made. */
const twice = (seed: number) =>
  Effect.gen(function*() {
    const site = yield* Site.make({ seed })
    const args = Site.extracting(Site.sinks.map(({ name }) => name), Site.users)
    let files = 0
    for (const _ of ["first", "second"]) {
      const ended = yield* site.run(args, marked)
      yield* site.settle({ ended })
      files += look(site).length
    }
    return { "files looked through": files }
  }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))

export const cases: ReadonlyArray<Case> = [{
  id: "X4",
  fault: "memory that was given back is marked, and so is memory that is given out",
  expected: "no mark is in any file: what the process had in memory is nowhere but where it was written",
  n: { test: 1, torture: 10 },
  run: (plan) =>
    Effect.gen(function*() {
      const bytes = Number(execFileSync(process.execPath, ["-e", probe], { env: marked, encoding: "utf8" }))
      return { ...yield* repeat(plan, twice), "marked bytes in a heap": bytes }
    })
}]
