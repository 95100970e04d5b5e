/** `.env` in the working directory: what it says, and the same text with some settings changed and all else as it was. */
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

/** A value that no way of quoting carries through `.env`. */
export class Unwritable extends Schema.TaggedError<Unwritable>()("Unwritable", { name: Schema.String }) {
  override readonly [Runtime.errorExitCode] = ExitCode.config
  override get message() {
    return `${this.name} has characters that .env cannot hold. Nothing was written; set it in the environment instead.`
  }
}

/** What is in it; nothing when it is not there. One that others can change is not read: it says where keys go. */
export const read = Effect.gen(function*() {
  yield* Owner.check(".env")
  const fs = yield* FileSystem.FileSystem
  return yield* fs.readFileString(".env").pipe(
    Effect.catchReason("PlatformError", "NotFound", () => Effect.succeed("")),
    Effect.mapError((error) => new UnreadableEnv({ detail: error.reason.message }))
  )
})

/** What it says of a setting, as the program reads it; undefined if nothing. */
export const valueOf = (content: string, name: string): Effect.Effect<string | undefined> =>
  ConfigProvider.fromDotEnvContents(content).load([name]).pipe(Effect.orDie, Effect.map((node) => node?.value))

/** What settings are to be; undefined is not to be there. */
export type Changes = Readonly<Record<string, string | undefined>>

/** Every line that sets it, with its end. */
const linesOf = (name: string) =>
  new RegExp(`^[^\\S\\r\\n]*(export[^\\S\\r\\n]+)?${name}[^\\S\\r\\n]*[=:].*(\\r?\\n)?`, "gm")

/** As it is if a shell would take it for a word; else in those quotes that are not in it. */
const quoted = (value: string): ReadonlyArray<string> =>
  /^[\w.:@%+/=-]+$/.test(value) ? [value] : [`'${value}'`, `"${value}"`, `\`${value}\``, value]

/** The value stands where the setting stood first, or at the end. */
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

/** The content with the changes. What the program will read from it is what was asked for. */
export const change = (content: string, changes: Changes): Effect.Effect<string, Unwritable> =>
  Effect.reduce(Object.entries(changes), () => content, (content, [name, value]) => set(content, name, value))
