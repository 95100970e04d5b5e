/** X4: no file contains memory of the process that was freed or not yet written to. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert } from "@effect/vitest"
import { Effect } from "effect"
import { execFileSync } from "node:child_process"
import { lstatSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { type Case, repeat } from "../Case.ts"
import * as Site from "../support/Site.ts"

/** Makes the C library fill freed memory with one byte, and newly allocated memory with its complement. */
const marked = { MALLOC_PERTURB_: "165" }

/** So many marks in a row do not occur by chance. */
const marks = [Buffer.alloc(16, 165), Buffer.alloc(16, 90)]

/** Counts the bytes of a process's heap that are in such rows of marks. */
const probe = `
  const fs = require("node:fs")
  const [, from, to] = /^([0-9a-f]+)-([0-9a-f]+) .*\\[heap\\]$/m.exec(fs.readFileSync("/proc/self/maps", "utf8"))
  const heap = Buffer.alloc(Math.min(parseInt(to, 16) - parseInt(from, 16), 1 << 22))
  fs.readSync(fs.openSync("/proc/self/mem"), heap, 0, heap.length, parseInt(from, 16))
  const rows = heap.toString("latin1").match(/(\\xa5|\\x5a){16,}/g) ?? []
  console.log(rows.join("").length)
`

/** Checks that no file has marks. If a file had them, it could also have parts of signatures or of names. */
const look = (site: Site.Site) =>
  readdirSync(site.data, { recursive: true, encoding: "utf8" }).map((name) => join(site.data, name))
    .filter((file) => lstatSync(file).isFile())
    .map((file) => {
      const bytes = readFileSync(file)
      for (const mark of marks) assert.strictEqual(bytes.indexOf(mark), -1, `${file} holds memory of the process`)
      return file
    })

/** Makes a first run, and a second one on its data. */
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
  fault: "freed memory and newly allocated memory are filled with marks",
  expected: "no file has a mark, so no file contains memory that was not meant to be written",
  n: { test: 1, torture: 10 },
  run: (plan) =>
    Effect.gen(function*() {
      const bytes = Number(execFileSync(process.execPath, ["-e", probe], { env: marked, encoding: "utf8" }))
      return { ...yield* repeat(plan, twice), "marked bytes in a heap": bytes }
    })
}]
