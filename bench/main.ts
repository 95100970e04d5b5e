/**
 * `make bench`: what a run costs beside what nobody can do without and beside what others do, as one table on standard
 * output and in RESULTS.md. With `--quick` it is a tenth of the size and mostly once; `--only PART`, repeatable, is a part
 * of it, and only printed.
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Console, Effect, FileSystem } from "effect"
import { parseArgs } from "node:util"
import * as Contenders from "./Contenders.ts"
import * as History from "./History.ts"
import * as Machine from "./Machine.ts"
import * as Profile from "./Profile.ts"
import * as Report from "./Report.ts"
import * as StartUp from "./StartUp.ts"
import type { Row } from "./Table.ts"
import * as Waiting from "./Waiting.ts"

const parts = ["waiting", "machine", "others", "history", "start", "profile"]

const { values: { only, quick } } = parseArgs({
  options: { quick: { type: "boolean", default: false }, only: { type: "string", multiple: true, default: parts } }
})

const has = (part: string) => only.includes(part)

const sized = <A>({ full, quick: small }: { readonly full: A; readonly quick: A }) => quick ? small : full

/** Which of several tenants is profiled. */
const profiled = sized({ full: 100_000, quick: 5_000 })

const bench = Effect.gen(function*() {
  const unknown = only.filter((part) => !parts.includes(part))
  if (unknown.length > 0) {
    return yield* Effect.die(new Error(`no part is ${unknown.join(", ")}; ${parts.join(", ")} are`))
  }
  const load = Report.loadNow()
  const rows: Array<Row> = []
  const notes: Array<string> = []
  const besides: Array<readonly [heading: string, text: string]> = []

  if (has("waiting")) rows.push(...yield* Waiting.measure(sized(Waiting)))
  // what is compared with goes away before the next part
  yield* Effect.scoped(Effect.gen(function*() {
    if (!has("machine") && !has("others")) return
    const { contenders, leftOut } = has("others") ? yield* Contenders.all : { contenders: [], leftOut: [] }
    const measured = yield* Machine.measure(sized(Machine), contenders)
    rows.push(...measured.rows)
    notes.push(...leftOut)
    besides.push(["What everybody took", measured.everybody])
  }))
  if (has("history")) rows.push(...yield* History.measure(sized(History)))
  if (has("start")) rows.push(...yield* StartUp.measure(sized({ full: 15, quick: 5 })))
  if (has("profile")) besides.push(["Where a run spends its time", yield* Profile.measure(profiled)])

  const text = Report.markdown({ verb: quick ? "make bench-quick" : "make bench", load, rows, notes, besides })
  if (parts.every(has)) {
    yield* (yield* FileSystem.FileSystem).writeFileString(`${import.meta.dirname}/RESULTS.md`, text)
  }
  yield* Console.log(text)
})

NodeRuntime.runMain(bench.pipe(Effect.provide(NodeServices.layer)))
