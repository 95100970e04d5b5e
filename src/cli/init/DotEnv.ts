/**
 * `.env` in the working directory: reads settings from it, and changes some of them without touching the other lines.
 */
import { ConfigProvider, Effect, FileSystem, Runtime, Schema } from "effect"
import { ExitCode } from "../../failure/ExitCode.ts"
import * as Owner from "../../files/Owner.ts"

/** `.env` is there and cannot be read. */
export class UnreadableEnv extends Schema.TaggedError<UnreadableEnv>()("UnreadableEnv", { detail: Schema.String }) {
  override readonly [Runtime.errorExitCode] = ExitCode.config
  override get message() {
    return `.env cannot be read: ${this.detail}. Make it readable, or move it away and set the environment instead.`
  }
}

/** A value that cannot be written to `.env` with any kind of quotes. */
export class Unwritable extends Schema.TaggedError<Unwritable>()("Unwritable", { name: Schema.String }) {
  override readonly [Runtime.errorExitCode] = ExitCode.config
  override get message() {
    return `${this.name} has characters that .env cannot hold. Nothing was written; set it in the environment instead.`
  }
}

/**
 * The content of `.env`, empty if there is none. A file that others can change is refused, because it says where keys
 * go.
 */
export const read = Effect.gen(function*() {
  yield* Owner.check(".env")
  const fs = yield* FileSystem.FileSystem
  return yield* fs.readFileString(".env").pipe(
    Effect.catchReason("PlatformError", "NotFound", () => Effect.succeed("")),
    Effect.mapError((error) => new UnreadableEnv({ detail: error.reason.message }))
  )
})

/** The value of a setting as the program reads it; undefined if it is not there. */
export const valueOf = (content: string, name: string): Effect.Effect<string | undefined> =>
  ConfigProvider.fromDotEnvContents(content).load([name]).pipe(Effect.orDie, Effect.map((node) => node?.value))

/** The new values of settings; undefined removes a setting. */
export type Changes = Readonly<Record<string, string | undefined>>

/** Every line that sets this name, with its line break. */
const linesOf = (name: string) =>
  new RegExp(`^[^\\S\\r\\n]*(export[^\\S\\r\\n]+)?${name}[^\\S\\r\\n]*[=:].*(\\r?\\n)?`, "gm")

/** The ways to write a value: as it is if a shell needs no quotes for it, else in each kind of quotes. */
const quoted = (value: string): ReadonlyArray<string> =>
  /^[\w.:@%+/=-]+$/.test(value) ? [value] : [`'${value}'`, `"${value}"`, `\`${value}\``, value]

/** Replaces the first line of the setting and removes the others, or adds a line at the end. */
const replace = (content: string, name: string, text: string | undefined) => {
  let isThere = false
  const replaced = content.replace(linesOf(name), (_, exported: string = "", end: string = "") => {
    if (isThere || text === undefined) return ""
    isThere = true
    return `${exported}${name}=${text}${end}`
  })
  if (isThere || text === undefined) return replaced
  return `${replaced}${replaced === "" || replaced.endsWith("\n") ? "" : "\n"}${name}=${text}\n`
}

const set = Effect.fnUntraced(function*(content: string, name: string, value: string | undefined) {
  for (const text of value === undefined ? [undefined] : quoted(value)) {
    const changed = replace(content, name, text)
    if ((yield* valueOf(changed, name)) === value) return changed
  }
  return yield* new Unwritable({ name })
})

/** The content with the changes. The program reads the same values from it. */
export const change = (content: string, changes: Changes): Effect.Effect<string, Unwritable> =>
  Effect.reduce(Object.entries(changes), () => content, (content, [name, value]) => set(content, name, value))
