/** Does what `extract --then` names after a published run: compares the tenants with the policies, writes the report. */
import { Cause, Effect, Exit, Option, Path, Result } from "effect"
import type { ExpectedFailure } from "../../../failure/ExpectedFailure.ts"
import type { Target } from "../../../run/publish/ManifestFile.ts"
import type { TenantResult } from "../../../run/round/Round.ts"
import { and } from "../../../text/And.ts"
import * as OpenLedger from "../../ask/OpenLedger.ts"
import * as Policy from "../../policy.ts"
import * as Report from "../../report.ts"
import * as Notify from "../../shared/Notify.ts"
import { Plugins } from "../../shared/Plugins.ts"
import * as Settings from "../../shared/Settings.ts"
import { defect, isExpected } from "../../terminal/ExitStatus.ts"
import * as Stderr from "../../terminal/Stderr.ts"
import { Contradiction } from "../Contradiction.ts"
import type { Follower } from "../Flags.ts"

/** How a command ended. */
interface Followed {
  /** The lines for people; "" if it failed before it had any. */
  readonly text: string
  /** The object for programs. */
  readonly facts: object
  readonly news: Notify.News
  /** Why it ended with another code than 0. */
  readonly failure: Cause.Cause<ExpectedFailure> | undefined
  readonly nextStep: string | undefined
}

const policy = (dataDirectory: string) =>
  Effect.map(
    Policy.judge(dataDirectory, { names: [], framework: Option.none(), from: "ledger", timeout: Option.none() }),
    (judgement): Followed => ({
      text: Policy.tableOf(judgement),
      facts: Policy.factsOf(judgement),
      news: Policy.newsOf(judgement),
      failure: judgement.failure && Cause.fail(judgement.failure),
      nextStep: undefined
    })
  )

const report = Effect.fnUntraced(function*(dataDirectory: string) {
  const path = yield* Path.Path
  const file = path.join(dataDirectory, Report.pages.keep.name)
  yield* Report.write(yield* OpenLedger.open(dataDirectory, "ledger"), { dataDirectory, file, pii: "keep" })
  const written: Followed = {
    text: file,
    facts: { file, exit: 0 },
    news: { facts: { exit: 0 }, text: "" },
    failure: undefined,
    nextStep: `open ${(yield* Effect.orDie(path.toFileUrl(file))).href} in a browser`
  }
  return written
}, Effect.scoped)

const failed = (follower: Follower, dataDirectory: string, cause: Cause.Cause<ExpectedFailure>): Followed => {
  const error = Cause.squash(cause)
  const expected = isExpected(error) ? error : defect
  const { facts, text } = Notify.newsOfFailure(expected, dataDirectory)
  return {
    text: "",
    facts: { ...facts, message: expected.message },
    news: { facts, text: `${follower} ${text}` },
    failure: cause,
    nextStep: undefined
  }
}

const commands = { policy, report }

/** Such as "policy and report were not done". */
export const notDone = (followers: ReadonlyArray<Follower>): string =>
  `${and(followers)} ${followers.length === 1 ? "was" : "were"} not done`

/** Fails if the run does not write the ledger, which the commands read. */
export const check = Effect.fnUntraced(function*(
  followers: ReadonlyArray<Follower>,
  sinks: ReadonlyArray<Target>,
  dataDirectory: string
) {
  if (followers.length === 0) return
  const ledger = (yield* (yield* Plugins).ownSink("duckdb")).location(dataDirectory)
  if (sinks.some(({ location }) => location === ledger)) return
  return yield* new Contradiction({
    detail: "--then reads the ledger in the data directory, and this run would not write it: add --sink duckdb."
  })
})

/** Does the commands one after the other, even if one of them fails. `show` gets the lines of each as soon as it is done. */
const doAll = Effect.fnUntraced(function*(
  followers: ReadonlyArray<Follower>,
  show: (text: string) => Effect.Effect<void>
) {
  const dataDirectory = yield* Settings.dataDirectoryPath
  const done: Array<readonly [Follower, Followed]> = []
  for (const follower of followers) {
    const exit = yield* Effect.exit(commands[follower](dataDirectory)).pipe(
      Effect.interruptible,
      Effect.onInterrupt(() =>
        Effect.sync(() => {
          const left = notDone(followers.slice(done.length))
          Stderr.complain(`Stopped; the run is published, and ${left}.`)
        })
      )
    )
    const followed = Exit.isSuccess(exit) ? exit.value : failed(follower, dataDirectory, exit.cause)
    done.push([follower, followed])
    if (followed.text !== "") yield* show(followed.text)
  }
  return done
})

/** Does what follows, unless every tenant failed. The results are together, as the result of a run is. */
export const follow = Effect.fnUntraced(function*(
  followers: ReadonlyArray<Follower>,
  tenants: ReadonlyArray<TenantResult>,
  show: (text: string) => Effect.Effect<void>
) {
  const isPublished = tenants.some(({ result }) => Result.isSuccess(result))
  if (followers.length > 0 && !isPublished) {
    yield* Effect.logWarning(`Nothing was published, so ${notDone(followers)}.`)
  }
  const done = isPublished ? yield* doAll(followers, show) : []
  const of = (name: Follower) => done.flatMap(([follower, followed]) => follower === name ? [followed] : [])
  return {
    facts: Object.fromEntries(done.map(([follower, { facts }]) => [follower, facts])),
    news: {
      facts: Object.fromEntries(done.map(([follower, { news }]) => [follower, news.facts])),
      text: done.flatMap(([_, { news }]) => news.text === "" ? [] : [news.text]).join("\n")
    },
    // a policy that is not kept decides the exit code before a report that cannot be written
    failures: [...of("policy"), ...of("report")].flatMap(({ failure }) => failure === undefined ? [] : [failure]),
    nextStep: done.findLast(([_, { nextStep }]) => nextStep !== undefined)?.[1].nextStep
  }
})
