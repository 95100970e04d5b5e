/** Imported into a process that is measured: says at its end what it has used, on a line of its own. */
import { appendFileSync } from "node:fs"
import { isMainThread } from "node:worker_threads"

const file = process.env["DUO_BENCH_USAGE"]
if (file !== undefined && isMainThread) {
  process.on("exit", () => appendFileSync(file, `${JSON.stringify(process.resourceUsage())}\n`))
}
