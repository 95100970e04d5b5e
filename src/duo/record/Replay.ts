/** Replays a run from a record in place of Duo, without settings, keys and waiting. */
import { type Clock, Context, Effect, FileSystem, Layer, Path, Redacted, Ref, Schema } from "effect"
import { Headers } from "effect/http"
import type { Source } from "../../Pipeline.ts"
import { Access } from "../Access.ts"
import { AnswerMissing } from "../DuoReason.ts"
import { Credentials } from "../http/Credentials.ts"
import { answered, Exchange, noTraffic, type Request, sent, target } from "../http/Exchange.ts"
import { entryFile, format, RecordEntry, RecordError, repeatable, Run, runFile, textFile } from "./Record.ts"

const decodeRun = Schema.decodeEffect(Schema.fromJsonString(Run))
const decodeEntry = Schema.decodeEffect(Schema.fromJsonString(RecordEntry))

/** The fields that every format has. */
const decodeFormat = Schema.decodeEffect(
  Schema.fromJsonString(
    Schema.Struct({ format: Schema.Int, tool_version: Schema.String.check(Schema.isPattern(/^[\w.+-]{1,64}$/)) })
  )
)

/** A clock that stands still. Its sleeps end at once. */
const frozen = (milliseconds: number): Clock.Clock => {
  const nanos = BigInt(milliseconds) * 1_000_000n
  return {
    currentTimeMillisUnsafe: () => milliseconds,
    currentTimeMillis: Effect.succeed(milliseconds),
    currentTimeNanosUnsafe: () => nanos,
    currentTimeNanos: Effect.succeed(nanos),
    monotonicTimeNanosUnsafe: () => nanos,
    monotonicTimeNanos: Effect.succeed(nanos),
    sleep: () => Effect.yieldNow
  }
}

interface Numbered {
  readonly n: number
  readonly entry: RecordEntry
}

/** Reads the files of a record except the bodies, because all bodies together may not fit into memory. */
const read = Effect.fnUntraced(function*(directory: string) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const because = (detail: string) => new RecordError({ flag: "--replay", directory, detail })
  const fileOf = (name: string) =>
    fs.readFileString(path.join(directory, name)).pipe(
      Effect.mapError(({ reason }) =>
        because(reason._tag === "NotFound" ? `it has no ${name}` : `${name} cannot be read (${reason._tag})`)
      )
    )
  const parsed = <A>(name: string, decode: (text: string) => Effect.Effect<A, Schema.SchemaError>) =>
    Effect.flatMap(fileOf(name), (text) => Effect.mapError(decode(text), () => because(`its ${name} is damaged`)))

  const made = yield* parsed(runFile, decodeFormat)
  if (made.format !== format) {
    return yield* because(
      `it has format ${made.format}, and this version reads format ${format}. Use duo-mfa ${made.tool_version}, which made it`
    )
  }
  const run = yield* parsed(runFile, decodeRun)
  const names = yield* Effect.mapError(fs.readDirectory(directory), ({ reason }) => because(reason._tag))
  const numbers = names.flatMap((name) => /^\d{5,}\.json$/.test(name) ? [parseInt(name, 10)] : [])
  const entries = new Map<string, Array<Numbered>>()
  for (const n of numbers.sort((a, b) => a - b)) {
    const entry = yield* parsed(entryFile(n), decodeEntry)
    entries.set(target(entry), [...entries.get(target(entry)) ?? [], { n, entry }])
  }
  return { run, entries }
})

/** The answers and the settings of a record, and a session that replays its run. */
export const layer = (directory: string): Layer.Layer<
  Credentials | Exchange | Access,
  RecordError,
  FileSystem.FileSystem | Path.Path
> =>
  Layer.effectContext(Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const { entries, run } = yield* read(directory)
    // a request that was interrupted may be interrupted now before it is sent, so it is counted here
    const givenUp = [...entries.values()].flat().filter(({ entry }) => "interrupted" in entry.outcome).length
    const traffic = yield* Ref.make({ ...noTraffic, requests: givenUp })
    const observed = Date.parse(run.observed_at)

    const notRecorded = (what: string) => new AnswerMissing({ directory, what })

    const textOf = (n: number) =>
      fs.readFile(path.join(directory, textFile(n))).pipe(
        // a byte order mark is a part of the answer
        Effect.map((bytes) => new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes)),
        Effect.mapError(() => notRecorded(`has no ${textFile(n)} that can be read`))
      )

    const exchange = Exchange.of({
      /**
       * Gives the same answers to the same requests in the same order. A request that is not in the record is not
       * counted.
       */
      send: Effect.fnUntraced(function*(request: Request) {
        const next = entries.get(target(request))?.shift()
        if (next === undefined) return yield* notRecorded(`ends before an answer to ${target(request)}`)
        const { entry: { outcome }, n } = next
        if ("interrupted" in outcome) return yield* notRecorded(`ends while ${target(request)} was asked`)
        yield* Ref.update(traffic, sent)
        if ("failed" in outcome) return yield* outcome.failed
        yield* Ref.update(traffic, answered(outcome.now))
        return { ...outcome, headers: Headers.fromInput(outcome.headers), text: yield* textOf(n) }
      }),
      traffic: Ref.get(traffic)
    })

    const credentials = Credentials.of({
      ikey: "",
      skey: Redacted.make(""),
      host: run.tenant,
      origin: `https://${run.tenant}`,
      loopback: false,
      accountId: undefined,
      signature: run.signature,
      api: run.api,
      warnings: []
    })

    const source = (source: Source): Source => ({
      ...source,
      recorded: { run_id: run.run_id, observed_at: BigInt(observed) * 1000n, window: run.window ?? undefined },
      extract: (stamp, options) =>
        source.extract(stamp, { ...options, pageSize: run.page_size ?? undefined, concurrency: run.concurrency })
    })

    return Context.make(Exchange, exchange).pipe(
      Context.add(Credentials, credentials),
      Context.add(Access, Access.of({ client: repeatable(run.seed, frozen(observed)), source }))
    )
  }))
