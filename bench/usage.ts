/** Imported into a measured process: prints its usage at the end, on a line of its own. */
import { appendFileSync } from "node:fs"
import { isMainThread } from "node:worker_threads"

const file = process.env["DUO_BENCH_USAGE"]
if (file !== undefined && isMainThread) {
  process.on("exit", () => appendFileSync(file, `${JSON.stringify(process.resourceUsage())}\n`))
}
