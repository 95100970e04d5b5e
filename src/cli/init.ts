/** `duo-mfa init`: asks for the keys, tries them on Duo, and writes them to `.env` in the working directory. */
import { Config, ConfigProvider, Effect, FileSystem, Path, Redacted, Result, Runtime, Schema } from "effect"
import { Command } from "effect/cli"
import { ChildProcess, ChildProcessSpawner } from "effect/process"
import { ExitCode } from "../failure/ExitCode.ts"
import { SinkError } from "../failure/SinkError.ts"
import * as Files from "../files/Files.ts"
import * as Private from "../files/Private.ts"
import { printOk } from "./check.ts"
import * as DotEnv from "./init/DotEnv.ts"
import * as Pasted from "./init/Pasted.ts"
import * as Questions from "./init/Questions.ts"
import { Plugins } from "./shared/Plugins.ts"
import * as Settings from "./shared/Settings.ts"
import { commandName } from "./terminal/CommandName.ts"
import * as Stderr from "./terminal/Stderr.ts"
import * as Stdout from "./terminal/Stdout.ts"

/** The environment has a setting that would win over the `.env` that init writes. */
export class Overridden extends Schema.TaggedError<Overridden>()("Overridden", { names: Schema.Array(Schema.String) }) {
  override readonly [Runtime.errorExitCode] = ExitCode.config
  override get message() {
    return `The environment has ${
      this.names.join(", ")
    }, and it wins over .env. Unset that to use .env, or leave it and run ${commandName()} check.`
  }
}

/** The person chose not to write. */
export class NotWritten extends Schema.TaggedError<NotWritten>()("NotWritten", { exit: Schema.Int }) {
  override readonly [Runtime.errorExitCode] = this.exit
  override get message() {
    return `Nothing was written. Run ${commandName()} init again when you like.`
  }
}

/** `.env` cannot be written. */
export class DotEnvUnwritable
  extends Schema.TaggedError<DotEnvUnwritable>()("DotEnvUnwritable", { reason: SinkError })
{
  override readonly [Runtime.errorExitCode] = this.reason[Runtime.errorExitCode]
  override get message() {
    const { location, reason } = this.reason
    return `${location} cannot be written: ${
      "detail" in reason ? reason.detail : "the disk is full"
    }. What was there is as it was.`
  }
}

const introduction = `This asks for the two keys and the host of your Duo tenant, tries them on Duo,
and writes them to .env in this folder, for its owner alone.

They are in the Duo Admin Panel, on the page of an application of the type Admin
API. If there is none yet, an administrator with the role Owner makes it:
  1. Applications, Application Catalog, find "Admin API", click "+ Add".
     (Older panels: Applications, Protect an Application, "Admin API", Protect.)
  2. Tick "Grant resource - Read" (older: "Grant read resource") and save.
     To read administrators as well, tick "Grant administrators - Read".
  3. Copy the three from the top of that page, one after the other.
Ctrl-C stops. Nothing is written before it has worked, unless you say so.
`

const next = `Next:
  ${commandName()} check      whether a run would work, and its sinks
  ${commandName()} extract    one run: every user and authenticator
  ${commandName()} report     one HTML page of what was found
A scheduler runs it every night: see docs/scheduling.md.`

const names = ["DUO_IKEY", "DUO_SKEY", "DUO_SKEY_FILE", "DUO_HOST"]

const notOverridden = Effect.suspend(() => {
  const set = names.filter((name) => (process.env[name] ?? "").trim() !== "")
  return set.length === 0 ? Effect.void : Effect.fail(new Overridden({ names: set }))
})

const changesOf = ({ host, ikey, skey }: Questions.Answers): DotEnv.Changes => ({
  DUO_IKEY: ikey,
  DUO_SKEY: Redacted.value(skey),
  // DUO_SKEY_FILE would win over DUO_SKEY
  DUO_SKEY_FILE: undefined,
  DUO_HOST: host,
  ...Result.isFailure(Pasted.host(host, false)) ? { DUO_INSECURE_LOOPBACK: "1" } : {}
})

/** The valid answers that `.env` already has. */
const answered = Effect.fnUntraced(function*(content: string, allowLoopback: boolean) {
  const understood = <A>(name: string, understand: (text: string) => Result.Result<A, string>) =>
    Effect.map(DotEnv.valueOf(content, name), (value = "") => Result.getOrUndefined(understand(value)))
  return {
    ikey: yield* understood("DUO_IKEY", Pasted.ikey),
    skey: yield* understood("DUO_SKEY", Pasted.skey),
    host: yield* understood("DUO_HOST", (text) => Pasted.host(text, allowLoopback))
  }
})

/** Makes the same requests to Duo as `check`. */
const tryOut = Effect.gen(function*() {
  yield* Stdout.print("Asking Duo ...")
  const source = yield* (yield* (yield* Plugins).findPipeline("mfa")).connect
  for (const { detail, subject } of yield* source.check) yield* printOk(subject, detail)
}).pipe(Effect.scoped)

/**
 * A line for each setting that would change. Old values are not shown, because a secret may stand in the wrong place.
 */
const differences = Effect.fnUntraced(function*(before: string, after: string) {
  const lines: Array<string> = []
  for (const name of [...names, "DUO_INSECURE_LOOPBACK"]) {
    const is = yield* DotEnv.valueOf(after, name)
    if (is === (yield* DotEnv.valueOf(before, name))) continue
    const how = is === undefined
      ? "goes, for it would win over DUO_SKEY"
      : name === "DUO_SKEY"
      ? "becomes the one just given"
      : `becomes ${is}`
    lines.push(`  ${name.padEnd(21)} ${how}`)
  }
  return lines
})

const mayChange = Effect.fnUntraced(function*(before: string, after: string) {
  const lines = before === "" ? [] : yield* differences(before, after)
  if (lines.length === 0) return true
  yield* Stdout.print(["", ".env is there. All of it stays as it is but for:", ...lines].join("\n"))
  return yield* Questions.confirmChange
})

const write = Effect.fnUntraced(function*(content: string) {
  const fs = yield* FileSystem.FileSystem
  const { dirname, resolve } = yield* Path.Path
  // if .env is a symbolic link, its target is replaced and the link stays
  const file = yield* Effect.orElseSucceed(fs.realPath(".env"), () => resolve(".env"))
  yield* Effect.ignore(Private.removeUnfinished(dirname(file)))
  yield* Private.write(file, content).pipe(
    Effect.mapError((error) => new DotEnvUnwritable({ reason: Files.errorAt("init", file)(Files.reasonOf(error)) }))
  )
})

/**
 * `git check-ignore` exits with 1 if git would commit the file, 0 if it is ignored, and other codes outside of a
 * repository.
 */
const warnOfGit = Effect.gen(function*() {
  const git = ChildProcess.make("git", ["check-ignore", "--quiet", ".env"], { stdout: "ignore", stderr: "ignore" })
  const code = yield* (yield* ChildProcessSpawner.ChildProcessSpawner).exitCode(git).pipe(Effect.orElseSucceed(() => 0))
  if (code === 1) {
    yield* Effect.logWarning("git does not ignore .env here: see to it that the secret is never committed.")
  }
})

/** Asks until the keys work or the person stops. */
const settle = Effect.fnUntraced(function*(before: string) {
  const allowLoopback = (yield* Config.String("DUO_INSECURE_LOOPBACK").pipe(Config.withDefault(""))).trim() === "1"
  let known: Questions.PreviousAnswers = yield* answered(before, allowLoopback)
  while (true) {
    const answers = yield* Questions.keys(known, allowLoopback)
    const content = yield* DotEnv.change(before, changesOf(answers))
    const failure = yield* tryOut.pipe(
      Effect.provide(ConfigProvider.layer(Effect.succeed(Settings.provider(content)))),
      Effect.match({ onFailure: (error) => error, onSuccess: () => undefined })
    )
    if (failure === undefined) return content
    yield* Stdout.print(failure.message)
    const what = yield* Questions.askAfterFailure
    if (what === "write") return content
    if (what === "stop") return yield* new NotWritten({ exit: failure[Runtime.errorExitCode] })
    known = answers
  }
})

export const init = Command.make(
  "init",
  {},
  Effect.fnUntraced(function*() {
    yield* notOverridden
    const before = yield* DotEnv.read
    const content = yield* Questions.converse(Effect.gen(function*() {
      yield* Stdout.print(introduction)
      const content = yield* settle(before)
      return (yield* mayChange(before, content)) ? content : yield* new NotWritten({ exit: ExitCode.ok })
    })).pipe(Effect.onInterrupt(() => Effect.sync(() => Stderr.print("\nduo-mfa: Stopped; nothing was written."))))
    yield* write(content)
    yield* Stdout.print("\n.env is written; only you may read it.")
    yield* warnOfGit
    yield* Stdout.print(next)
  })
).pipe(
  Command.withDescription("Ask for the keys, try them on Duo, and write them to .env"),
  Command.withExamples([
    { command: "duo-mfa init" }
  ])
)
