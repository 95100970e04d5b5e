/**
 * The program as few files. The modules of `src`, `pipelines` and `sinks` that others load by name keep their place, and
 * so does what is read beside them; what they share becomes chunks. The runtime dependencies stay packages of their own
 * but for `effect`, which is bundled: only what is used of it, so that the program starts at once.
 */
import { cpSync, globSync, mkdirSync } from "node:fs"
import { dirname, join } from "node:path"
import { rolldown } from "rolldown"

const root = join(import.meta.dirname, "../..")

export const write = async (out: string, minify: boolean) => {
  const entries = ["src/main.ts", "src/Sink.ts", "src/Table.ts", ...globSync("{pipelines,sinks}/*.ts", { cwd: root })]
  const bundle = await rolldown({
    cwd: root,
    input: Object.fromEntries(entries.map((file) => [file.replace(/\.ts$/, ""), file])),
    platform: "node",
    external: [/^@duckdb\//, /^echarts\//, /^@effect\/platform-node\/Undici$/]
  })
  await bundle.write({
    dir: out,
    format: "esm",
    minify,
    entryFileNames: "[name].js",
    chunkFileNames: "chunks/[name]-[hash].js",
    banner: (chunk) => chunk.name === "src/main" ? "#!/usr/bin/env node" : ""
  })
  for (const file of globSync("{pipelines,data/queries,data/policies}/*.sql", { cwd: root })) {
    mkdirSync(dirname(join(out, file)), { recursive: true })
    cpSync(join(root, file), join(out, file))
  }
}
