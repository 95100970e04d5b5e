/** `duo-mfa policy`: compares the last runs with the policies, so that a scheduler or CI can act on the exit code. */
import { Effect, Option, Runtime, Schema } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { ExitCode } from "../failure/ExitCode.ts"
import * as Markdown from "../text/Markdown.ts"
import * as Terminal from "../text/Terminal.ts"
import type * as NotKnown from "./ask/NotKnown.ts"
import * as OpenLedger from "./ask/OpenLedger.ts"
import * as Frameworks from "./ask/policies/Frameworks.ts"
import * as Judgement from "./ask/policies/Judgement.ts"
import * as JUnit from "./ask/policies/JUnit.ts"
import * as Policies from "./ask/policies/Policies.ts"
import type { Verdict } from "./ask/policies/Verdict.ts"
import * as Select from "./ask/Select.ts"
import { flags } from "./extract/Flags.ts"
import * as Notify from "./shared/Notify.ts"
import * as Settings from "./shared/Settings.ts"
import { commandName } from "./terminal/CommandName.ts"
import { defect } from "./terminal/ExitStatus.ts"
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

/** Policies and a framework were named. */
export class NamesAndFramework extends Schema.TaggedError<NamesAndFramework>()("NamesAndFramework", {}) {
  override readonly [Runtime.errorExitCode] = ExitCode.usage
  override get message() {
    return "Name policies or a framework, not both."
  }
}

/** The verdicts on the last runs. */
export interface PolicyResult {
  readonly verdicts: ReadonlyArray<Verdict>
  readonly seen: ReadonlyArray<NotKnown.LastRun>
  /** The frameworks of which at least one control is answered by a policy. */
  readonly frameworks: ReadonlyArray<Frameworks.JudgedFramework>
  /** Undefined if all policies are kept or left out. */
  readonly failure: NotKept | undefined
}

/** What to compare with which policies; no names are all of them, and no framework is all frameworks. */
interface Question {
  readonly names: ReadonlyArray<string>
  readonly framework: Option.Option<string>
  readonly from: "ledger" | "parquet"
  readonly timeout: Select.QueryTimeout
}

/** Compares the last runs in a data directory with policies. */
export const judge = Effect.fnUntraced(function*(dataDirectory: string, { framework, from, names, timeout }: Question) {
  if (names.length > 0 && Option.isSome(framework)) return yield* new NamesAndFramework()
  const asked = Frameworks.frameworks.filter(({ name }) => Option.isNone(framework) || framework.value === name)
  const policies = (yield* Policies.find(dataDirectory, names))
    .filter((policy) => Option.isNone(framework) || asked.some((one) => Frameworks.isAnsweredBy(one, policy)))
  const ledger = yield* OpenLedger.open(dataDirectory, from)
  const { seen, verdicts } = yield* Judgement.judge(ledger, {
    policies,
    isNamed: names.length > 0,
    timeout,
    command: commandName()
  })
  if (seen.length === 0) return yield* new OpenLedger.NoLedger({ ledger: dataDirectory })
  const named = (which: Verdict["verdict"]) =>
    verdicts.filter(({ verdict }) => verdict === which).map(({ policy }) => policy)
  const [broken, untold] = [named("broken"), named("cannot be told")]
  const judgement: PolicyResult = {
    verdicts,
    seen,
    // some of the policies say nothing about a whole control
    frameworks: names.length > 0
      ? []
      : asked.map((one) => Frameworks.judge(one, verdicts)).filter(({ controls }) => controls.length > 0),
    failure: broken.length + untold.length === 0 ? undefined : new NotKept({ broken, untold })
  }
  return judgement
}, Effect.scoped)

const exitOf = ({ failure }: PolicyResult) => failure === undefined ? ExitCode.ok : failure[Runtime.errorExitCode]

/** The object for programs. */
export const factsOf = (judgement: PolicyResult) => ({
  policies: judgement.verdicts,
  frameworks: judgement.frameworks,
  tenants: judgement.seen,
  exit: exitOf(judgement)
})

/** The verdicts that are not kept: the names and numbers of policies, and nothing that somebody has written in them. */
export const newsOf = (judgement: PolicyResult): Notify.News => {
  const of = (...which: ReadonlyArray<Verdict["verdict"]>) =>
    judgement.verdicts.filter(({ verdict }) => which.includes(verdict))
  const notKept = of("broken", "cannot be told")
  const kept = of("kept").length
  return {
    facts: {
      policies: notKept.map(({ at_most, found, policy, verdict }) => ({ policy, verdict, found, at_most })),
      kept,
      exit: exitOf(judgement)
    },
    text: [
      `policies kept: ${kept} of ${kept + notKept.length}`,
      ...notKept.map(({ at_most, found, policy, verdict }) =>
        `${verdict}: ${Terminal.safeLine(policy)}${found === null ? "" : `, ${found} found, at most ${at_most}`}`
      )
    ].join("\n")
  }
}

const formats = ["table", "junit", "json", "markdown"] as const

const names = ["verdict", "severity", "policy", "found", "at most", "sentence"]

/** A table of the controls of a framework, with the policies that answer them. */
const controlsOf = ({ controls }: Frameworks.JudgedFramework, format: "table" | "markdown") =>
  Format.lay(format, {
    names: ["verdict", "control", "in its words", "policies"],
    rows: controls.map(({ id, policies, verdict, words }) => [
      verdict,
      id,
      words,
      policies.map(({ policy }) => policy).join(", ")
    ])
  })

/** A table of verdicts, and below it the scores of the frameworks and the runs that they are about. */
export const tableOf = ({ frameworks, seen, verdicts }: PolicyResult, format: "table" | "markdown" = "table") => {
  const rows = verdicts.map(({ at_most, found, policy, sentence, severity, verdict, why }) => [
    verdict,
    severity,
    policy,
    found,
    at_most,
    why === null ? sentence : `${sentence} ${verdict === "left out" ? "Why" : "Why not told"}: ${why}`.trimStart()
  ])
  const below = [
    ...frameworks.map(Frameworks.score),
    ...seen.map(({ complete, observed_at, pipeline, tenant }) =>
      `${tenant}, ${pipeline}, as of ${observed_at}${complete ? "" : ", not proved complete"}`
    )
  ]
  return [
    Format.lay(format, { names, rows }),
    "",
    ...below.map((line) => format === "markdown" ? `- ${Markdown.escape(line)}` : line)
  ]
    .join("\n")
}

const print = (format: typeof formats[number], judgement: PolicyResult, hasControls: boolean) => {
  switch (format) {
    case "junit":
      return Stdout.print(JUnit.print(judgement.verdicts, judgement.seen))
    case "json":
      return Stdout.json(factsOf(judgement))
    default: {
      const controls = hasControls ? judgement.frameworks.map((framework) => controlsOf(framework, format)) : []
      return Stdout.print([...controls, tableOf(judgement, format)].join("\n\n"))
    }
  }
}

export const policy = Command.make(
  "policy",
  {
    names: Argument.String("name").pipe(
      Argument.withDescription("A policy: a file in policies/ of the data directory, or a built-in one; default: all"),
      Argument.variadic()
    ),
    framework: Flag.Literals("framework", Frameworks.frameworks.map(({ name }) => name)).pipe(
      Flag.withDescription(
        "Only the policies that answer a framework's controls: cis, nist, pci or cisa; default: all policies"
      ),
      Flag.withMetavar("FRAMEWORK"),
      Flag.optional
    ),
    from: OpenLedger.parquetFlag,
    timeout: Select.timeout,
    format: Flag.Literals("format", formats).pipe(
      Flag.withDescription("How the verdicts are printed; default table"),
      Flag.withMetavar("FORMAT"),
      Flag.withDefault("table")
    ),
    notify: flags.notify.pipe(
      Flag.withDescription(
        "Post the policies that are not kept to an https webhook; the setting DUO_MFA_NOTIFY_FILE hides the URL from lists of processes"
      )
    )
  },
  Effect.fnUntraced(function*({ format, notify, ...question }) {
    const webhook = yield* Notify.webhook(notify)
    const post = ({ facts, text }: Notify.News) =>
      webhook === undefined ? Effect.void : Notify.post(webhook, { facts, text: `duo-mfa policy: ${text}` })
    const dataDirectory = yield* Settings.dataDirectoryPath
    const judgement = yield* Effect.flatMap(Settings.dataDirectoryToRead, (ours) => judge(ours, question)).pipe(
      Effect.tapError((error) => post(Notify.newsOfFailure(error, dataDirectory))),
      Effect.tapDefect(() => post(Notify.newsOfFailure(defect, dataDirectory)))
    )
    const shown = yield* Effect.exit(print(format, judgement, Option.isSome(question.framework)))
    if (judgement.failure !== undefined) yield* post(newsOf(judgement))
    yield* shown
    if (judgement.failure !== undefined) return yield* judgement.failure
    yield* Stderr.next("run it after every extract, as docs/watch.md shows")
  })
).pipe(
  Command.withDescription("Compare the tenants with the policies; exit 5 if one is broken or cannot be told"),
  Command.withExamples([
    { command: "duo-mfa policy" },
    { command: "duo-mfa policy --framework cis", description: "What the CIS Controls say about MFA" },
    { command: "duo-mfa policy --format junit > policies.xml", description: "For a CI system" }
  ])
)
