/** `make dist`: the npm package, in `dist/`. */
import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { write } from "./Bundle.ts"

const out = "dist"

rmSync(out, { recursive: true, force: true })
await write(out, true)

const source = JSON.parse(readFileSync("package.json", "utf8"))
const { allowScripts: _, devDependencies: __, private: ___, ...manifest } = source
writeFileSync(
  `${out}/package.json`,
  `${
    JSON.stringify(
      {
        ...manifest,
        bin: { "duo-mfa": "src/main.js" },
        exports: { "./sink": "./src/Sink.js", "./table": "./src/Table.js", "./package.json": "./package.json" },
        files: ["src", "pipelines", "sinks", "chunks", "data/queries", "data/policies"]
      },
      undefined,
      2
    )
  }\n`
)
for (const file of ["README.md", "LICENSE"]) cpSync(file, `${out}/${file}`)
