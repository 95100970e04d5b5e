/** Imported into a process that is measured: says at its end what it has used. */
import { writeFileSync } from "node:fs"

const file = process.env["DUO_BENCH_USAGE"]
if (file !== undefined) process.on("exit", () => writeFileSync(file, JSON.stringify(process.resourceUsage())))
