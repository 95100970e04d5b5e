/**
 * Bundles the program into few files, so that it starts fast. The modules that are loaded by name (`src/main`,
 * pipelines and sinks) keep their paths, and so do the SQL files that are read at run time. Shared code becomes chunks.
 * The code of other packages is bundled too, except DuckDB, which npm installs as a package, and Amazon's client for S3,
 * which only those install who need it.
 */
import { cpSync, globSync, mkdirSync } from "node:fs"
import { dirname, join } from "node:path"
import { rolldown, type RolldownOutput } from "rolldown"

const root = join(import.meta.dirname, "../..")

/** The packages whose code is in a bundle, by their folders, as in the lock file. */
const packagesIn = ({ output }: RolldownOutput) =>
  output.flatMap((file) => file.type === "chunk" ? file.moduleIds : [])
    .flatMap((id) => /\/(node_modules\/(?:.*\/node_modules\/)?(?:@[^/]+\/)?[^/]+)\//.exec(id)?.[1] ?? [])

/** Writes the program, and returns the packages that are in it. */
export const write = async (out: string, minify: boolean): Promise<ReadonlySet<string>> => {
  const entries = ["src/main.ts", ...globSync("{pipelines,sinks}/*.ts", { cwd: root })]
  const bundle = await rolldown({
    cwd: root,
    input: Object.fromEntries(entries.map((file) => [file.replace(/\.ts$/, ""), file])),
    platform: "node",
    external: [/^@duckdb\//, /^@aws-sdk\//]
  })
  const written = await bundle.write({
    dir: out,
    format: "esm",
    minify,
    entryFileNames: "[name].js",
    chunkFileNames: "chunks/[name]-[hash].js",
    banner: (chunk) => chunk.name === "src/main" ? "#!/usr/bin/env node" : ""
  })
  for (const file of globSync("{pipelines/**,data/queries,data/policies,src/duo/**}/*.sql", { cwd: root })) {
    mkdirSync(dirname(join(out, file)), { recursive: true })
    cpSync(join(root, file), join(out, file))
  }
  return new Set(packagesIn(written))
}

/**
 * Writes the modules that other packages import, `duo-mfa/sink` and `duo-mfa/testing`. They do not contain `effect`:
 * they use the caller's.
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
