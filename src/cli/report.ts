/** `duo-mfa report`: the ledger as one HTML page that can be forwarded. */
import { Effect, FileSystem, Option, Path, Runtime, Schema } from "effect"
import { Command, Flag } from "effect/cli"
import { ExitCode } from "../failure/ExitCode.ts"
import { SinkError } from "../failure/SinkError.ts"
import { makeDirectory } from "../files/Durable.ts"
import * as Files from "../files/Files.ts"
import * as Private from "../files/Private.ts"
import * as Exceptions from "../report/Exceptions.ts"
import * as Logo from "../report/Logo.ts"
import { version } from "../Version.ts"
import * as OpenLedger from "./ask/OpenLedger.ts"
import * as Parameters from "./ask/Parameters.ts"
import * as BrokenPolicies from "./ask/policies/BrokenPolicies.ts"
import * as Frameworks from "./ask/policies/Frameworks.ts"
import * as Judgement from "./ask/policies/Judgement.ts"
import * as Policies from "./ask/policies/Policies.ts"
import * as Settings from "./shared/Settings.ts"
import * as Stderr from "./terminal/Stderr.ts"
import * as Stdout from "./terminal/Stdout.ts"

/** The page cannot be written to its place. */
export class ReportUnwritable
  extends Schema.TaggedError<ReportUnwritable>()("ReportUnwritable", { reason: SinkError })
{
  override readonly [Runtime.errorExitCode] = this.reason[Runtime.errorExitCode]
  override get message() {
    const { location, reason } = this.reason
    return `The report cannot be written to ${location}: ${
      "detail" in reason ? reason.detail : "the disk is full"
    }. Make it writable, or name another place with --output FILE.`
  }
}

/** A page without names would replace one with names. */
export class PageHasNames extends Schema.TaggedError<PageHasNames>()("PageHasNames", { file: Schema.String }) {
  override readonly [Runtime.errorExitCode] = ExitCode.cannotCreate
  override get message() {
    return `${this.file} is a report that names people, and --pii drop does not write over it. Name another place with --output FILE, or remove it first.`
  }
}

/** Fails if the file is a page that names people. */
const keepNames = Effect.fnUntraced(function*(file: string) {
  const fs = yield* FileSystem.FileSystem
  const { namesPeople } = yield* pageModule
  const before = yield* Effect.orElseSucceed(fs.readFileString(file), () => "")
  if (namesPeople(before)) return yield* new PageHasNames({ file })
})

/** Only the report needs the library for charts, so the other commands start without it. */
const pageModule = Effect.promise(() => import("../report/Page.ts"))

interface Wanted {
  readonly dataDirectory: string
  readonly file: string
  readonly pii: "keep" | "drop"
  readonly logo?: Logo.Logo | undefined
  readonly target?: number | undefined
  readonly tenant?: string | undefined
  readonly title?: string | undefined
}

/** Writes the page about a ledger to a file. */
export const write = Effect.fnUntraced(function*(ledger: OpenLedger.Open, wanted: Wanted) {
  const { at, privileged, session } = ledger
  const { dataDirectory, file, logo, pii, target, tenant, title } = wanted
  const path = yield* Path.Path
  if (pii === "drop") yield* keepNames(file)
  const exceptions = yield* Exceptions.read(dataDirectory)
  const policies = yield* Policies.find(dataDirectory, [])
  const { unknown, verdicts } = yield* Judgement.judge(ledger, {
    policies,
    isNamed: false,
    tenant,
    timeout: Option.none(),
    command: "duo-mfa"
  })
  const { page } = yield* pageModule
  const { linesWithoutUser: lines, markup } = yield* at(page({
    session,
    pii,
    version,
    privileged,
    exceptions,
    verdicts,
    frameworks: Frameworks.frameworks.map((framework) => Frameworks.judge(framework, verdicts)),
    misses: yield* BrokenPolicies.find(session, unknown, policies, verdicts),
    title,
    logo,
    only: tenant,
    target: target ?? null
  }))
  if (lines.length > 0) {
    yield* Effect.logWarning(
      `${Exceptions.fileName}: no user has the name or the id in ${lines.length === 1 ? "line" : "lines"} ${
        lines.join(", ")
      }.`
    )
  }
  const directory = path.dirname(file)
  yield* makeDirectory(directory).pipe(
    Effect.andThen(Effect.ignore(Private.removeUnfinished(directory))),
    Effect.andThen(Private.write(file, markup)),
    Effect.mapError((error) => new ReportUnwritable({ reason: Files.errorAt("report", file)(Files.reasonOf(error)) }))
  )
})

/** The page of each kind: its name in the data directory, and what somebody should know who forwards it. */
export const pages = {
  keep: { name: "report.html", holds: "It names people: share it only with those who may see these names." },
  drop: { name: "report-no-names.html", holds: "It names nobody; it has Duo's ids of users, and names of groups." }
}

export const report = Command.make(
  "report",
  {
    logo: Flag.String("logo").pipe(
      Flag.withDescription("A PNG or a JPEG of at most 256 KiB above the heading; default: no logo"),
      Flag.withMetavar("FILE"),
      Flag.optional
    ),
    output: Flag.String("output").pipe(
      Flag.withDescription(
        "Where to write it; default: report.html in the data directory, or report-no-names.html with --pii drop"
      ),
      Flag.withMetavar("FILE"),
      Flag.optional
    ),
    pii: Flag.Literals("pii", ["keep", "drop"]).pipe(
      Flag.withDescription("drop prints Duo's ids in the place of names; default keep"),
      Flag.withMetavar("HOW"),
      Flag.withDefault("keep")
    ),
    target: Flag.Finite("target").pipe(
      Flag.withDescription("The share of active users that shall have MFA, such as 95; default: no target"),
      Flag.withMetavar("PERCENT"),
      Flag.withSchema(
        Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 100 }, { message: "Expected 0 to 100" }))
      ),
      Flag.optional
    ),
    tenant: Flag.String("tenant").pipe(
      Flag.withDescription("Only this tenant; default: all"),
      Flag.withMetavar("NAME"),
      Flag.optional
    ),
    title: Flag.String("title").pipe(
      Flag.withDescription("The heading of the page; default: Who is protected by MFA"),
      Flag.withMetavar("TEXT"),
      Flag.optional
    )
  },
  Effect.fnUntraced(function*({ logo, output, pii, target, tenant, title }) {
    const path = yield* Path.Path
    const dataDirectory = yield* Settings.dataDirectoryToRead
    const file = path.resolve(Option.getOrElse(output, () => path.join(dataDirectory, pages[pii].name)))
    const picture = Option.isNone(logo) ? undefined : yield* Logo.read(path.resolve(logo.value))
    const ledger = yield* OpenLedger.open(dataDirectory, "ledger")
    const only = Option.getOrUndefined(tenant)
    if (only !== undefined) yield* Parameters.findTenant(ledger, only)
    yield* write(ledger, {
      dataDirectory,
      file,
      pii,
      logo: picture,
      target: Option.getOrUndefined(target),
      tenant: only,
      title: Option.getOrUndefined(title)
    })
    yield* Stdout.printText(file)
    yield* Stderr.next(`open ${(yield* Effect.orDie(path.toFileUrl(file))).href} in a browser. ${pages[pii].holds}`)
  }, Effect.scoped)
).pipe(
  Command.withDescription("Write one HTML page to forward: coverage over time, what changed, who is at risk"),
  Command.withExamples([
    { command: "duo-mfa report" },
    { command: "duo-mfa report --target 95", description: "With the distance to a target" },
    { command: "duo-mfa report --pii drop", description: "A page without names: report-no-names.html" }
  ])
)
