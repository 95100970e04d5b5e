/**
 * The program as few files. The modules of `src`, `pipelines` and `sinks` that others load by name keep their place, and
 * so does what is read beside them; what they share becomes chunks. DuckDB stays a package of its own; what is used of
 * others is bundled, so that the program starts at once.
 */
import { cpSync, globSync, mkdirSync } from "node:fs"
import { dirname, join } from "node:path"
import { rolldown, type RolldownOutput } from "rolldown"

const root = join(import.meta.dirname, "../..")

/** The packages that a bundle has code of, as the lock file names them: by their folders. */
const packagesIn = ({ output }: RolldownOutput) =>
  output.flatMap((file) => file.type === "chunk" ? file.moduleIds : [])
    .flatMap((id) => /\/(node_modules\/(?:.*\/node_modules\/)?(?:@[^/]+\/)?[^/]+)\//.exec(id)?.[1] ?? [])

/** Writes the program, and tells which packages are in it. */
export const write = async (out: string, minify: boolean): Promise<ReadonlySet<string>> => {
  const entries = ["src/main.ts", ...globSync("{pipelines,sinks}/*.ts", { cwd: root })]
  const bundle = await rolldown({
    cwd: root,
    input: Object.fromEntries(entries.map((file) => [file.replace(/\.ts$/, ""), file])),
    platform: "node",
    external: [/^@duckdb\//]
  })
  const written = await bundle.write({
    dir: out,
    format: "esm",
    minify,
    entryFileNames: "[name].js",
    chunkFileNames: "chunks/[name]-[hash].js",
    banner: (chunk) => chunk.name === "src/main" ? "#!/usr/bin/env node" : ""
  })
  for (const file of globSync("{pipelines/**,data/queries,data/policies,src/duo}/*.sql", { cwd: root })) {
    mkdirSync(dirname(join(out, file)), { recursive: true })
    cpSync(join(root, file), join(out, file))
  }
  return new Set(packagesIn(written))
}

/**
 * Writes the modules that other packages import, `duo-mfa/sink` and `duo-mfa/testing`. They and their callers share one
 * `effect`, that of the caller.
 */
export const writeLibrary = async (out: string): Promise<ReadonlySet<string>> => {
  const bundle = await rolldown({
    cwd: root,
    input: { sink: "src/package/SinkLibrary.ts", testing: "test/laws/sink.ts" },
    platform: "node",
    external: [/^effect(\/|$)/, /^@effect\/vitest$/, /^@duckdb\//]
  })
  const written = await bundle.write({
    dir: join(out, "library"),
    format: "esm",
    entryFileNames: "[name].js",
    chunkFileNames: "[name]-[hash].js"
  })
  return new Set(packagesIn(written))
}
