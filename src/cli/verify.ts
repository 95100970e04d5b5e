/** `duo-mfa verify`: reads every sink back and holds it against the manifests. */
import { Effect, Path, Runtime, Schema, Stream } from "effect"
import { Command } from "effect/cli"
import { ExitCode } from "../ExitCode.ts"
import * as Fingerprint from "../Fingerprint.ts"
import * as Manifest from "../Manifest.ts"
import { collected, stampOf } from "../Outcome.ts"
import * as Ndjson from "../staging/Ndjson.ts"
import type { Table } from "../Table.ts"
import { Catalog } from "./Catalog.ts"
import * as Settings from "./Settings.ts"
import * as Stdout from "./Stdout.ts"

/** What a sink holds is not what it was given. */
export class NotTheSame extends Schema.TaggedError<NotTheSame>()("NotTheSame", {
  differing: Schema.Array(Schema.String)
}) {
  override readonly [Runtime.errorExitCode] = ExitCode.io
  override get message() {
    return `Not what was published: ${
      this.differing.join("; ")
    }. Somebody or something changed it; the next run publishes anew.`
  }
}

/** There is nothing to verify. */
export class NoRuns extends Schema.TaggedError<NoRuns>()("NoRuns", { directory: Schema.String }) {
  override readonly [Runtime.errorExitCode] = ExitCode.config
  override get message() {
    return `No run was published in ${this.directory} yet. Run duo-mfa extract, or set DUO_MFA_DATA.`
  }
}

type Verdict = "same" | "differs" | "missing" | "no longer kept" | "cannot be read back"

/**
 * Holds one table of one sink against its manifest. Only the newest run of a tenant must still be there: a ledger keeps
 * one, and files may have been cleared away by age.
 */
const compare = Effect.fnUntraced(function*(
  manifest: Manifest.Manifest,
  { location, sink: name }: Manifest.Receipt,
  table: Table,
  newest: boolean
) {
  const { read } = yield* (yield* Catalog).findSink(name)
  if (read === undefined) return { verdict: "cannot be read back", rows: 0 } as const
  return yield* Effect.scoped(Effect.gen(function*() {
    const published = yield* read(location, stampOf(manifest), table)
    if (published === undefined) return { verdict: newest ? "missing" : "no longer kept", rows: 0 } as const
    const found = Fingerprint.make()
    const encode = Ndjson.encoder(table)
    yield* Stream.runForEach(published, (rows) => Effect.sync(() => found.add(encode(rows).lines)))
    const same = found.rows() === manifest.rows[table.name] && found.digest() === manifest.fingerprints[table.name]
    return { verdict: same ? "same" : "differs", rows: found.rows() } as const
  }))
})

export const verify = Command.make(
  "verify",
  {},
  Effect.fnUntraced(function*() {
    const catalog = yield* Catalog
    const { join } = yield* Path.Path
    const directory = yield* Settings.dataDirectory
    const manifests = yield* (yield* Manifest.make(directory)).all
    if (manifests.length === 0) return yield* new NoRuns({ directory: join(directory, "runs") })
    const seen = new Set<string>()
    const differing: Array<string> = []
    for (const manifest of manifests) {
      const { tables } = yield* catalog.findPipeline(manifest.pipeline)
      for (const receipt of manifest.sinks.filter(({ location }) => location !== "-")) {
        const place = `${receipt.sink} ${receipt.location} ${manifest.tenant} ${manifest.pipeline}`
        const newest = !seen.has(place)
        seen.add(place)
        for (const table of collected(tables, manifest)) {
          const { rows, verdict } = yield* compare(manifest, receipt, table, newest)
          const line = [
            manifest.run_id,
            receipt.sink.padEnd(8),
            table.name.padEnd(13),
            String(rows).padStart(9),
            verdict
          ]
          yield* Stdout.print(line.join("  "))
          if (isWrong(verdict)) differing.push(`${receipt.location} ${table.name} of ${manifest.run_id} ${verdict}`)
        }
      }
    }
    if (differing.length > 0) return yield* new NotTheSame({ differing })
  })
).pipe(Command.withDescription("Read every sink back and hold it against the manifests"))

const isWrong = (verdict: Verdict) => verdict === "differs" || verdict === "missing"
