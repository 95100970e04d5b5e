/** `duo-mfa policy`: compares the last runs with the policies, so that a scheduler or CI can act on the exit code. */
import { Effect, Runtime, Schema } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { ExitCode } from "../failure/ExitCode.ts"
import * as JUnit from "./ask/JUnit.ts"
import * as NotExtracted from "./ask/NotExtracted.ts"
import * as NotKnown from "./ask/NotKnown.ts"
import * as OpenLedger from "./ask/OpenLedger.ts"
import * as Policies from "./ask/Policies.ts"
import * as Select from "./ask/Select.ts"
import { Plugins } from "./shared/Plugins.ts"
import * as Settings from "./shared/Settings.ts"
import { commandName } from "./terminal/CommandName.ts"
import * as Format from "./terminal/Format.ts"
import * as Stderr from "./terminal/Stderr.ts"
import * as Stdout from "./terminal/Stdout.ts"

/** At least one policy is broken, or it cannot be told whether it is kept. */
export class NotKept extends Schema.TaggedError<NotKept>()("NotKept", {
  broken: Schema.Array(Schema.String),
  untold: Schema.Array(Schema.String)
}) {
  override readonly [Runtime.errorExitCode] = ExitCode.broken
  override get message() {
    return [
      ...this.broken.length === 0 ? [] : [`Broken: ${this.broken.join(", ")}.`],
      ...this.untold.length === 0
        ? []
        : [`It cannot be told whether these are kept, which counts as broken: ${this.untold.join(", ")}.`],
      `See the rows: ${commandName()} sql @policies/${this.broken[0] ?? this.untold[0]}`
    ].join(" ")
  }
}

const formats = ["table", "junit", "json", "markdown"] as const

const names = ["verdict", "policy", "found", "at most", "sentence"]

/** A table of verdicts, and below it the runs that they are about. */
const print = (
  format: "table" | "markdown",
  verdicts: ReadonlyArray<Policies.Verdict>,
  seen: ReadonlyArray<NotKnown.LastRun>
) => {
  const rows = verdicts.map(({ at_most, found, policy, sentence, verdict, why }) => [
    verdict,
    policy,
    found,
    at_most,
    why === null ? sentence : `${sentence} ${verdict === "left out" ? "Why" : "Why not told"}: ${why}`.trimStart()
  ])
  const below = seen.map(({ complete, observed_at, pipeline, tenant }) =>
    `${tenant}, ${pipeline}, as of ${observed_at}${complete ? "" : ", not proved complete"}`
  )
  return [Format.lay(format, { names, rows }), "", ...below.map((line) => format === "markdown" ? `- ${line}` : line)]
    .join("\n")
}

export const policy = Command.make(
  "policy",
  {
    names: Argument.String("name").pipe(
      Argument.withDescription("A policy: a file in policies/ of the data directory, or a built-in one; default: all"),
      Argument.variadic()
    ),
    from: OpenLedger.parquetFlag,
    timeout: Select.timeout,
    format: Flag.Literals("format", formats).pipe(
      Flag.withDescription("How the verdicts are printed; default table"),
      Flag.withMetavar("FORMAT"),
      Flag.withDefault("table")
    )
  },
  Effect.fnUntraced(function*({ format, from, names, timeout }) {
    const dataDirectory = yield* Settings.dataDirectoryToRead
    const policies = yield* Policies.find(dataDirectory, names)
    const ledger = yield* OpenLedger.open(dataDirectory, from)
    const pipelines = yield* (yield* Plugins).pipelines
    const seen = yield* ledger.at(NotKnown.lastRuns(ledger.session, pipelines))
    if (seen.length === 0) return yield* new OpenLedger.NoLedger({ ledger: dataDirectory })
    const unknown = yield* ledger.at(NotKnown.find(ledger.session, pipelines, seen))
    const run = seen.map(({ pipeline }) => pipeline)
    const verdicts = yield* Effect.forEach(policies, (policy) => {
      const [missing] = NotExtracted.missingIn(policy.sql, pipelines, run)
      // nobody has to run every pipeline, but a policy that was named or written by the user is never passed over
      return missing !== undefined && policy.isBuiltIn && names.length === 0
        ? Effect.succeed(Policies.leftOut(policy, missing.message))
        : Policies.judge(ledger.session, unknown, policy, timeout)
    })
    const named = (which: Policies.Verdict["verdict"]) =>
      verdicts.filter(({ verdict }) => verdict === which).map(({ policy }) => policy)
    const notKept = new NotKept({ broken: named("broken"), untold: named("cannot be told") })
    const kept = notKept.broken.length === 0 && notKept.untold.length === 0
    switch (format) {
      case "junit":
        yield* Stdout.print(JUnit.print(verdicts, seen))
        break
      case "json":
        yield* Stdout.json({ policies: verdicts, tenants: seen, exit: kept ? ExitCode.ok : ExitCode.broken })
        break
      default:
        yield* Stdout.print(print(format, verdicts, seen))
    }
    if (!kept) return yield* notKept
    yield* Stderr.next("run it after every extract, as docs/watch.md shows")
  }, Effect.scoped)
).pipe(
  Command.withDescription("Compare the tenants with the policies; exit 5 unless all are kept"),
  Command.withExamples([
    { command: "duo-mfa policy" },
    { command: "duo-mfa policy --format junit > policies.xml", description: "For a CI system" }
  ])
)
