/** `make dist`, and what `npm pack` does first: everything in the npm package that is made, in `dist/`. */
import { spawnSync } from "node:child_process"
import { globSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { write, writeLibrary } from "./Bundle.ts"
import * as Sbom from "./Sbom.ts"

const out = "dist"

rmSync(out, { recursive: true, force: true })
const bundled = new Set([...await write(out, true), ...await writeLibrary(out)])
const tsc = ["node_modules/typescript/bin/tsc", "--project", "src/package/tsconfig.json", "--outDir", `${out}/types`]
const types = spawnSync(process.execPath, tsc, { stdio: "inherit" })
if (types.status !== 0) process.exit(1)
writeFileSync(`${out}/sbom.cdx.json`, `${JSON.stringify(Sbom.make(bundled), undefined, 2)}\n`)

/** Some packages have their terms in their README, after all else. */
const atItsEnd = (folder: string) =>
  readFileSync(`${folder}/README.md`, "utf8").split(/^## licen[cs]e$/im).at(-1)?.trim()

/** The terms of each bundled package, and of the code of others in it, such as d3 in echarts. */
const terms = [...bundled].toSorted().map((folder) => {
  const files = globSync("**/{{LICENSE,LICENCE,NOTICE}*,license}", { cwd: folder, exclude: ["node_modules/**"] })
  const texts = files.toSorted().map((file) => readFileSync(join(folder, file), "utf8").trim())
  return [folder.replace(/.*node_modules\//, ""), ...texts.length > 0 ? texts : [atItsEnd(folder)]].join("\n\n")
})
writeFileSync(`${out}/licences.txt`, `${[...new Set(terms)].join(`\n\n${"=".repeat(80)}\n\n`)}\n`)
