/**
 * Writes every answer of a run to a record as soon as it comes, so even a run that fails or is killed leaves a record.
 */
import { Context, Effect, Exit, FileSystem, Layer, Option, Path, Ref, Schema } from "effect"
import { randomBytes } from "node:crypto"
import type { Source } from "../../Pipeline.ts"
import { version } from "../../Version.ts"
import { Access } from "../Access.ts"
import { type DuoReason, RecordUnwritable } from "../DuoReason.ts"
import type { HttpAnswer } from "../http/Answer.ts"
import { Credentials } from "../http/Credentials.ts"
import { Exchange, type Request } from "../http/Exchange.ts"
import * as Disguise from "./Disguise.ts"
import {
  entryFile,
  format,
  type RecordedOutcome,
  RecordEntry,
  RecordError,
  repeatable,
  Run,
  runFile,
  textFile
} from "./Record.ts"
import type { Record } from "./Recording.ts"
import { withoutSecrets } from "./Secrets.ts"

const encodeRun = Schema.encodeEffect(Schema.fromJsonString(Run))
const encodeEntry = Schema.encodeEffect(Schema.fromJsonString(RecordEntry))

/** The headers of an answer that are kept, because the program reads them. */
const read = ["content-encoding", "content-type", "date", "location", "retry-after", "x-retry-after"]

/** Only the host of a redirect's target is kept, because its path or query may have a key. */
const originOf = (location: string) =>
  URL.canParse(location) ? `${new URL(location).protocol}//${new URL(location).host}/` : ""

const kept = ({ headers }: HttpAnswer) =>
  Object.fromEntries(read.flatMap((name) => {
    const value = headers[name]
    return value === undefined ? [] : [[name, name === "location" ? originOf(value) : value]]
  }))

/**
 * The query without the account. A replay has no settings, so it asks without an account. The id of an account may also
 * tell which customer it is.
 */
const withoutAccount = (query: string) => query.split("&").filter((pair) => !pair.startsWith("account_id=")).join("&")

const outcomeOf = (exit: Exit.Exit<HttpAnswer, DuoReason>): RecordedOutcome => {
  if (Exit.isSuccess(exit)) {
    const { duration, now, status } = exit.value
    return { status, headers: kept(exit.value), now, duration }
  }
  const failed = Exit.findErrorOption(exit)
  return Option.isSome(failed) ? { failed: failed.value } : { interrupted: true }
}

/** Makes the directory. Fails if it is not empty, because its files belong to something else. */
const prepare = Effect.fnUntraced(function*(directory: string) {
  const fs = yield* FileSystem.FileSystem
  const because = (detail: string) => new RecordError({ flag: "--record", directory, detail })
  const found = yield* fs.makeDirectory(directory, { recursive: true, mode: 0o700 }).pipe(
    Effect.andThen(fs.readDirectory(directory)),
    Effect.mapError(({ reason }) => because(reason._tag))
  )
  if (found.length > 0) return yield* because("it is not empty")
})

/** The exchange with Duo that also writes a record, and the session of the run that is recorded. */
export const layer = ({ directory, pseudonymise }: Record): Layer.Layer<
  Exchange | Access,
  RecordError,
  Credentials | Exchange | FileSystem.FileSystem | Path.Path
> =>
  Layer.effectContext(Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const credentials = yield* Credentials
    const live = yield* Exchange
    yield* prepare(directory)
    const seed = randomBytes(8).toString("hex")
    const disguise = pseudonymise ? Disguise.make(randomBytes(32), credentials.host) : Disguise.none
    const last = yield* Ref.make(0)

    const write = (file: string, content: string) =>
      fs.writeFileString(path.join(directory, file), content, { mode: 0o600, flag: "wx" }).pipe(
        Effect.mapError(({ reason }) => new RecordUnwritable({ directory, detail: reason._tag }))
      )

    const keep = Effect.fnUntraced(function*(n: number, request: Request, exit: Exit.Exit<HttpAnswer, DuoReason>) {
      if (Exit.isSuccess(exit)) {
        yield* write(textFile(n), disguise.text(withoutSecrets(credentials, request, exit.value.text)))
      }
      const outcome = outcomeOf(exit)
      const query = disguise.query(withoutAccount(request.query))
      const entry = { path: request.path, query, outcome: disguise.outcome(outcome) }
      yield* write(entryFile(n), yield* Effect.orDie(encodeEntry(entry)))
    })

    const exchange = Exchange.of({
      // the outcome of a request is written before anything else happens, even if the request is interrupted
      send: (request) =>
        Effect.uninterruptibleMask((restore) =>
          Ref.updateAndGet(last, (n) => n + 1).pipe(
            Effect.flatMap((n) =>
              Effect.exit(restore(live.send(request))).pipe(Effect.tap((exit) => keep(n, request, exit)))
            ),
            Effect.flatten
          )
        ),
      traffic: live.traffic
    })

    const source = (source: Source): Source => ({
      ...source,
      extract: (stamp, options) =>
        encodeRun({
          format,
          tool_version: version,
          pseudonymised: pseudonymise,
          tenant: disguise.host(credentials.host),
          signature: credentials.signature,
          api: credentials.api,
          run_id: stamp.run_id,
          observed_at: new Date(Number(stamp.observed_at / 1000n)).toISOString(),
          page_size: options.pageSize ?? null,
          concurrency: options.concurrency,
          window: options.plan === undefined ? null : { from: options.plan.window.from, to: options.plan.window.to },
          seed
        }).pipe(
          Effect.orDie,
          Effect.flatMap((json) => write(runFile, json)),
          Effect.mapError(({ detail }) => new RecordError({ flag: "--record", directory, detail })),
          // what is counted again depends on earlier runs, which a replay does not have
          Effect.andThen(source.extract(stamp, { ...options, plan: options.plan && { ...options.plan, recount: [] } }))
        )
    })

    return Context.make(Exchange, exchange).pipe(
      Context.add(Access, Access.of({ client: repeatable(seed), source }))
    )
  }))
