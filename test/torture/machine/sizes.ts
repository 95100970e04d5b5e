/** M1 to M4: tenants, users and texts that are too large to be in memory as a whole. */
import { assert } from "@effect/vitest"
import { Effect } from "effect"
import { existsSync } from "node:fs"
import { join } from "node:path"
import * as Tenant from "../../../src/emulator/people/Tenant.ts"
import { type Options, serve } from "../../../src/emulator/server/Emulator.ts"
import { settings } from "../../support/processes/program.ts"
import type { Case } from "../Case.ts"
import { afterwards } from "../support/afterwards.ts"
import { inFolder } from "../support/InProcess.ts"
import { process as program } from "../support/Process.ts"

/** As `./duo-mfa` starts it. */
const shipped = ["--max-semi-space-size=16", "--max-old-space-size=1024"]
const small = ["--max-semi-space-size=8", "--max-old-space-size=96"]
const malloc = { MALLOC_ARENA_MAX: "1", MALLOC_MMAP_THRESHOLD_: "4194304" }

/** The memory in MiB that a run may use, however large the tenant is. */
const most = 512 * 1024 * 1024 / 1e6

const extract = (options: Options, node: ReadonlyArray<string>, args: ReadonlyArray<string> = [], runs = 1) =>
  inFolder(Effect.fnUntraced(function*(folder) {
    if (!existsSync("/proc/self/status")) assert.fail("this case needs Linux's /proc to see a process's memory")
    const duo = yield* serve({ people: "hostile", ...options })
    const resident: Array<number> = []
    const run = Effect.gen(function*() {
      const ended = yield* program({
        cwd: folder,
        args: ["extract", "--json", ...args],
        env: { ...settings(duo), ...malloc },
        node,
        resident: (megabytes) => {
          if (megabytes > 0) resident.push(megabytes)
        }
      })
      assert.strictEqual(ended.code, 0, ended.stderr.slice(-2000))
      assert.isBelow(ended.peak, most, "megabytes in memory")
      return ended
    })
    const ended = yield* run
    const summary = JSON.parse(ended.stdout)
    assert.strictEqual(summary.users, duo.tenant.size())
    if (summary.users <= 10_000) {
      const { code, stderr, stdout } = { ...ended, stderr: ended.stderr.split("\n").slice(0, 3).join("\n") }
      yield* afterwards({ folder, before: {}, recovered: true, ended: { code, stderr, stdout }, keys: duo })
    }
    const verified = yield* program({ cwd: folder, args: ["verify"], env: malloc, node })
    assert.strictEqual(verified.code, 0, verified.stderr)
    assert.isTrue(existsSync(join(folder, "data/duo.duckdb")) || args.length > 0)
    for (let more = 1; more < runs; more++) yield* run
    return { peak: ended.peak, resident, pages: Number(summary.pages) }
  }))

const tenant = (node: ReadonlyArray<string>) => ({ n }: { readonly n: number }) =>
  Effect.map(
    extract({ users: n }, node, [], 2),
    ({ peak }) => ({ users: n, "megabytes at the peak": Math.round(peak) })
  )

/** Many small pages, so that memory which a page leaves behind would add up. The first half warms the process up. */
const slope = ({ n }: { readonly n: number }) =>
  Effect.gen(function*() {
    const { pages, resident } = yield* extract({ users: n }, small, ["--page-size", "1", "--sink", "ndjson"])
    const part = (from: number, to: number) =>
      resident.slice(Math.floor(resident.length * from), Math.ceil(resident.length * to))
    const growth = Math.min(...part(0.8, 0.95)) - Math.max(...part(0.5, 0.65))
    assert.isBelow(growth, 48, "megabytes that the last pages added")
    return { pages }
  })

/** Users with many authenticators, and users with very long texts. */
const large = ({ n }: { readonly n: number }) =>
  Effect.gen(function*() {
    const devices = n * 1000
    const phone = (index: number) => ({
      phone_id: `DP${index}`,
      number: "+15555550100",
      type: "Mobile",
      capabilities: ["push"],
      activated: true,
      name: `phone ${index}`
    })
    const many = { user_id: "DU1", username: "many", phones: Array.from({ length: devices }, (_, at) => phone(at)) }
    const text = "é\"\n".repeat(n * 25_000)
    const texts = {
      user_id: "DU2",
      username: text,
      email: text,
      realname: text,
      notes: text,
      status: "active",
      groups: [{ group_id: "DG1", name: text }],
      phones: [{ ...phone(0), name: text, model: text }]
    }
    const { peak } = yield* extract({ tenant: Tenant.fromUsers([many, texts]) }, shipped, [
      "--page-size",
      "1",
      ...["duckdb", "parquet", "ndjson", "csv"].flatMap((sink) => ["--sink", sink])
    ])
    return { devices, "bytes of text": text.length, "megabytes at the peak": Math.round(peak) }
  })

export const cases: ReadonlyArray<Case> = [
  {
    id: "M1",
    fault: "a large tenant into three sinks, and again the next day; N is the number of users",
    expected: "it is complete, verified, and had at most 512 MiB in memory",
    n: { test: 300, torture: 30_000 },
    run: tenant(shipped)
  },
  {
    id: "M2",
    fault: "a large tenant with a heap of 96 MB, and again the next day; N is the number of users",
    expected: "it is complete, verified, and had at most 512 MiB in memory",
    n: { test: 300, torture: 60_000 },
    run: tenant(small)
  },
  {
    id: "M3",
    fault: "N times a user with 1,000 devices, and N times a user with texts of 100 KB",
    expected: "it is complete, verified, and had at most 512 MiB in memory",
    n: { test: 1, torture: 10 },
    run: large
  },
  {
    id: "M4",
    fault: "N pages with one user each",
    expected: "with a heap of 96 MB, the last pages need less than 48 MB more memory than those in the middle",
    n: { test: 200, torture: 4000 },
    run: slope
  }
]
