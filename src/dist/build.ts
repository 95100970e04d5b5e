/** `make dist`, and what `npm pack` does first: everything in the npm package that is made, in `dist/`. */
import { spawnSync } from "node:child_process"
import { rmSync, writeFileSync } from "node:fs"
import { write, writeLibrary } from "./Bundle.ts"
import * as Sbom from "./Sbom.ts"

const out = "dist"

rmSync(out, { recursive: true, force: true })
const bundled = new Set([...await write(out, true), ...await writeLibrary(out)])
const tsc = ["node_modules/typescript/bin/tsc", "--project", "src/dist/tsconfig.json", "--outDir", `${out}/types`]
const types = spawnSync(process.execPath, tsc, { stdio: "inherit" })
if (types.status !== 0) process.exit(1)
writeFileSync(`${out}/sbom.cdx.json`, `${JSON.stringify(Sbom.make(bundled), undefined, 2)}\n`)
