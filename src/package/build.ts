/** Builds `dist/`, which has all generated files of the npm package. `make dist` and `npm pack` run it. */
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

/** The licence at the end of a package's README, for packages that have no file for it. */
const fromReadme = (folder: string) =>
  readFileSync(`${folder}/README.md`, "utf8").split(/^## licen[cs]e$/im).at(-1)?.trim()

/** The licences of each bundled package, and of code of others that it contains, such as d3 in echarts. */
const terms = [...bundled].toSorted().map((folder) => {
  const files = globSync("**/{{LICENSE,LICENCE,NOTICE}*,license}", { cwd: folder, exclude: ["node_modules/**"] })
  const texts = files.toSorted().map((file) => readFileSync(join(folder, file), "utf8").trim())
  return [folder.replace(/.*node_modules\//, ""), ...texts.length > 0 ? texts : [fromReadme(folder)]].join("\n\n")
})
writeFileSync(`${out}/licences.txt`, `${[...new Set(terms)].join(`\n\n${"=".repeat(80)}\n\n`)}\n`)
