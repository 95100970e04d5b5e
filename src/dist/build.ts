/**
 * `make dist`: the npm package, in `dist/`. The modules of `src`, `pipelines` and `sinks` that others load by name keep
 * their place, what they share becomes chunks, and the runtime dependencies stay packages of their own but for `effect`,
 * which is bundled: only what is used of it, so that the program starts at once.
 */
import { cpSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { rolldown } from "rolldown"

const out = "dist"
const entries = ["src/main.ts", "src/Sink.ts", "src/Table.ts", ...globSync("{pipelines,sinks}/*.ts")]

rmSync(out, { recursive: true, force: true })

const bundle = await rolldown({
  input: Object.fromEntries(entries.map((file) => [file.replace(/\.ts$/, ""), file])),
  platform: "node",
  external: [/^@duckdb\//, /^@effect\/platform-node\/Undici$/],
  treeshake: true
})
await bundle.write({
  dir: out,
  format: "esm",
  minify: true,
  entryFileNames: "[name].js",
  chunkFileNames: "chunks/[name]-[hash].js",
  banner: (chunk) => chunk.name === "src/main" ? "#!/usr/bin/env node" : ""
})

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
        files: ["src", "pipelines", "sinks", "chunks"]
      },
      undefined,
      2
    )
  }\n`
)
mkdirSync(out, { recursive: true })
for (const file of ["README.md", "LICENSE"]) cpSync(file, `${out}/${file}`)
