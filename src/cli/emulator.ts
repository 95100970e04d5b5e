/** `duo-mfa emulator`: a Duo Admin API on loopback, with an invented tenant, or with a parent account and its children. */
import { Effect, FileSystem, Option, Runtime, Schema } from "effect"
import { Command, Flag } from "effect/cli"
import * as Scenario from "../emulator/faults/Scenario.ts"
import { type Options, serve } from "../emulator/server/Emulator.ts"
import { type ParentOptions, serveParent } from "../emulator/server/Parent.ts"
import { ExitCode } from "../failure/ExitCode.ts"
import { commandName } from "./terminal/CommandName.ts"
import * as Stderr from "./terminal/Stderr.ts"
import * as Stdout from "./terminal/Stdout.ts"

/** The emulator cannot be started with these flags. */
export class CannotEmulate extends Schema.TaggedError<CannotEmulate>()("CannotEmulate", { detail: Schema.String }) {
  override readonly [Runtime.errorExitCode] = ExitCode.usage
  override get message() {
    return `The emulator cannot start: ${this.detail}.`
  }
}

const readScenario = Effect.fnUntraced(function*(file: string) {
  const text = yield* (yield* FileSystem.FileSystem).readFileString(file).pipe(
    Effect.mapError((error) => new CannotEmulate({ detail: `${file} cannot be read (${error.reason._tag})` }))
  )
  return yield* Scenario.fromJson(text).pipe(
    Effect.mapError((error) => new CannotEmulate({ detail: `${file} is no scenario: ${error.message}` }))
  )
})

/** Starts a tenant, and prints its settings. */
const tenant = Effect.fnUntraced(function*(options: Options) {
  const { host, ikey, skey } = yield* serve(options)
  yield* Stdout.json({ host, ikey, skey })
  yield* Stderr.next(`DUO_INSECURE_LOOPBACK=1 ${commandName()} init, elsewhere; Ctrl-C ends this`)
})

/** Starts a parent with children, and prints the parent's settings and the children. */
const parent = Effect.fnUntraced(function*(options: ParentOptions) {
  const { children, host, ikey, skey } = yield* serveParent(options)
  const accounts = children.map(({ account_id, host, name }) => ({ account_id, name, host }))
  yield* Stdout.json({ host, ikey, skey, children: accounts })
  yield* Stderr.next(
    `DUO_INSECURE_LOOPBACK=1 ${commandName()} check, elsewhere, with DUO_HOST and DUO_ACCOUNT_ID of a child; Ctrl-C ends this`
  )
})

export const emulator = Command.make(
  "emulator",
  {
    users: Flag.Int("users").pipe(
      Flag.withDescription("How many users the tenant has; default 250"),
      Flag.withMetavar("N"),
      Flag.withSchema(Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))),
      Flag.withDefault(250)
    ),
    children: Flag.Int("children").pipe(
      Flag.withDescription(
        "How many child accounts there are, each with so many users and a port of its own; default 0"
      ),
      Flag.withMetavar("N"),
      Flag.withSchema(Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))),
      Flag.withDefault(0)
    ),
    seed: Flag.String("seed").pipe(
      Flag.withDescription(
        "Another number makes other users and other keys; torture makes users with odd names and values; default 1"
      ),
      Flag.withMetavar("N|torture"),
      Flag.filterMap(
        (text) => text === "torture" || /^-?\d{1,15}$/.test(text) ? Option.some(text) : Option.none(),
        () => "Expected a whole number or the word torture"
      ),
      Flag.withDefault("1")
    ),
    port: Flag.Int("port").pipe(
      Flag.withDescription("Where it listens, and the children at the next ports; default 0, which is any free port"),
      Flag.withMetavar("PORT"),
      Flag.withDefault(0)
    ),
    scenario: Flag.String("scenario").pipe(
      Flag.withDescription("A JSON file that says what shall go wrong"),
      Flag.withMetavar("FILE"),
      Flag.optional
    )
  },
  Effect.fnUntraced(function*({ children, port, scenario, seed, users }) {
    const faults = Option.isSome(scenario) ? yield* readScenario(scenario.value) : []
    const people = seed === "torture" ? "hostile" : "plausible"
    const options: Options = { users, seed, people, port, scenario: faults }
    yield* (children === 0 ? tenant(options) : parent({ ...options, children })).pipe(
      Effect.catchTag("EmulatorError", (error) => Effect.fail(new CannotEmulate({ detail: error.message })))
    )
    return yield* Effect.never
  }, Effect.scoped)
).pipe(
  Command.withDescription("Serve an invented tenant on loopback, as Duo would"),
  Command.withExamples([
    { command: "duo-mfa emulator --users 1000 --port 38600" },
    { command: "duo-mfa emulator --seed torture" },
    { command: "duo-mfa emulator --children 40 --users 300" }
  ])
)
