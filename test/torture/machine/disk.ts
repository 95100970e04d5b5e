/** D1: the disk becomes full at any point of a run. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert } from "@effect/vitest"
import { Effect, FileSystem } from "effect"
import { execFileSync, spawnSync } from "node:child_process"
import { statfsSync } from "node:fs"
import type { Case, Reached } from "../Case.ts"
import * as Site from "../support/Site.ts"

const all = ["duckdb", "parquet", "ndjson", "csv"]

const step = 64 * 1024

const mount = (options: string, folder: string) => spawnSync("mount", ["-t", "tmpfs", "-o", options, "tmpfs", folder])

/** A small disk of its own, which can grow. */
const disk = Effect.gen(function*() {
  const folder = yield* (yield* FileSystem.FileSystem).makeTempDirectoryScoped({ prefix: "duo-mfa-torture-" })
  yield* Effect.acquireRelease(
    Effect.sync(() => {
      const { status, stderr } = mount(`size=${step},mode=0700`, folder)
      assert.strictEqual(status, 0, `a small disk cannot be made: ${String(stderr)}`)
    }),
    () => Effect.sync(() => execFileSync("umount", ["-l", folder]))
  )
  return {
    folder,
    used: () => {
      const { bfree, blocks, bsize } = statfsSync(folder)
      return (blocks - bfree) * bsize
    },
    resize: (size: number) => {
      const { status, stderr } = mount(`remount,size=${size}`, folder)
      assert.strictEqual(status, 0, String(stderr))
    }
  }
})

/** Runs with more and more space, one step at a time, until a run has enough. */
const sweep = Effect.fnUntraced(
  function*(site: Site.Site, { resize, used }: Effect.Success<typeof disk>, first: number, stride: number) {
    const start = used()
    let size = Math.ceil(start / step) * step + first * step
    for (let full = 0;; full++, size += stride * step) {
      resize(size)
      const before = used()
      const ended = yield* site.run(Site.extracting(all, Site.users))
      if (ended.code === 0) {
        yield* site.settle({ ended })
        return full
      }
      yield* site.look({ ended, codes: [74], recovered: true })
      assert.isFalse(site.isChanged(), ended.stderr)
      assert.match(ended.stderr, /The disk is full: .*(free some space and run again|the next run publishes it first)/)
      // a lock and a directory may be new
      assert.isAtMost(used(), before + step, "space is not freed")
    }
  }
)

const here = (stride: number, seed: number) =>
  Effect.gen(function*() {
    const small = yield* disk
    const site = yield* Site.make({}, small.folder)
    const first = yield* sweep(site, small, 1 + seed % stride, stride)
    const second = yield* sweep(site, small, seed % stride, stride)
    return { "full at a first run": first, "full beside a good run": second } satisfies Reached
  }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))

const main = `${import.meta.dirname}/../main.ts`

/** Runs the case again as root of a new user namespace, in which any user can mount a disk. */
const elsewhere = (n: number, seed: number) =>
  Effect.sync((): Reached => {
    const env = { ...process.env, CASE: "D1", N: String(n), SEED: String(seed), TORTURE_CHILD: "1", [inside]: "1" }
    const { stderr, stdout } = spawnSync("unshare", ["-Urm", process.execPath, main], { env, encoding: "utf8" })
    const line = stdout?.split("\n").find((line) => line.startsWith("{\"id\""))
    assert(line !== undefined, `${needed}: ${stderr}`)
    const { failure, reached } = JSON.parse(line)
    assert.isUndefined(failure)
    return reached
  })

/** Set in the process that already runs in such a namespace. */
const inside = "TORTURE_UNSHARED"

const needed =
  "D1 makes small disks: it needs to be root, or a kernel that lets anybody have name spaces (unshare -Urm)"

const mayMount = () => {
  const probe = spawnSync("unshare", ["-m", "true"])
  return probe.status === 0
}

export const cases: ReadonlyArray<Case> = [{
  id: "D1",
  fault: "the disk is full, after every 64 KiB (`make test`: after some)",
  expected: "exit 74, earlier runs are unchanged, the space is freed, and a run with enough space works",
  n: { test: 1, torture: 1000 },
  seed: 40,
  run: ({ n, seed }) => mayMount() || process.env[inside] === "1" ? here(n < 100 ? 100 : 1, seed) : elsewhere(n, seed)
}]
